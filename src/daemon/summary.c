/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows the numbers of containers and images in `systemctl status quiltd`. */
#include "daemon/summary.h"

#include "daemon/bus/notify.h"
#include "daemon/containers/container.h"

void
quilt_summary_tell (QuiltDaemon *daemon)
{
  g_autoptr (GPtrArray) all = quilt_containers_list (daemon->containers);
  guint running = 0;

  for (guint i = 0; i < all->len; i++)
    running += quilt_container_is_active (all->pdata[i]);
  quilt_notify_status ("%u containers (%u running), %u images", all->len, running,
                       quilt_images_size (daemon->images));
}

static gboolean
on_due (gpointer data)
{
  QuiltDaemon *daemon = data;

  daemon->summary = 0;
  quilt_summary_tell (daemon);
  return G_SOURCE_REMOVE;
}

static void
on_change (gpointer data)
{
  QuiltDaemon *daemon = data;

  if (daemon->summary == 0)
    daemon->summary = g_timeout_add_seconds (1, on_due, daemon);
}

void
quilt_summary_begin (QuiltDaemon *daemon)
{
  quilt_hub_on_change (daemon->hub, on_change, daemon);
}
