/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages to the service manager; sd_notify(3). */
#include "daemon/bus/notify.h"

#include <systemd/sd-daemon.h>

void
quilt_notify_status (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  sd_notifyf (FALSE, "STATUS=%s", text);
}

void
quilt_notify_ready (void)
{
  sd_notify (FALSE, "READY=1");
}

void
quilt_notify_reloading (void)
{
  /* Type=notify-reload of systemd 253 needs the time in µs of CLOCK_MONOTONIC, which GLib also
   * uses. */
  sd_notifyf (FALSE, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());
}

void
quilt_notify_stopping (void)
{
  sd_notify (FALSE, "STOPPING=1");
}

static gboolean
on_watchdog (gpointer data)
{
  sd_notify (FALSE, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

guint
quilt_notify_watchdog (void)
{
  guint64 usec;

  if (sd_watchdog_enabled (FALSE, &usec) <= 0)
    return 0;
  return g_timeout_add ((guint)MIN (usec / 2000, G_MAXUINT), on_watchdog, NULL);
}
