/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images after a restart of quiltd. */
#include "daemon/images/recovery.h"

#include "daemon/bus/event.h"
#include "daemon/images/collect.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"

static void
on_broken (const char *file, const GError *why, gpointer data)
{
  gboolean *broken = data;

  quilt_event_log_broken (file, why);
  *broken = TRUE;
}

gboolean
quilt_images_recover (QuiltImages *images, gboolean *ret_broken, GError **error)
{
  gboolean broken = FALSE;
  g_autoptr (GPtrArray) records =
      quilt_images_load (quilt_images_get_store (images), on_broken, &broken, error);

  if (!records)
    return FALSE;
  g_ptr_array_set_free_func (records, NULL);
  for (guint i = 0; i < records->len; i++)
    quilt_image_add (images, records->pdata[i]);
  *ret_broken = broken;
  return TRUE;
}

static gboolean
sweep (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_images_sweep_layers (store, data, error);
}

static void
on_swept (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
}

void
quilt_image_sweep_layers (QuiltImages *images)
{
  quilt_images_work (images, sweep, quilt_image_list_layers (images, NULL),
                     (GDestroyNotify)g_ptr_array_unref, on_swept, NULL);
}
