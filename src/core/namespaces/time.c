/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time namespace for the container: time_namespaces(7). */
#include "core/namespaces/time.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static gboolean
write_offsets (const QuiltSpec *spec, GError **error)
{
  g_autofd int fd = open ("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  char text[128];
  int n;

  n = g_snprintf (text, sizeof text,
                  "%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n%d %" G_GINT64_FORMAT
                  " %" G_GINT64_FORMAT "\n",
                  CLOCK_MONOTONIC, spec->monotonic.secs, spec->monotonic.nanosecs, CLOCK_BOOTTIME,
                  spec->boottime.secs, spec->boottime.nanosecs);
  return (fd >= 0 && quilt_fd_write_all (fd, text, (gsize)n)) ||
         quilt_set_error_errno (error, errno, "Failed to apply linux.timeOffsets");
}

gboolean
quilt_time_namespace_prepare (const QuiltSpec *spec, int *ret_own_fd, GError **error)
{
  g_autofd int own_fd = -1;

  if (!(spec->namespaces & QUILT_NS_TIME)) {
    *ret_own_fd = -1;
    return TRUE;
  }
  own_fd = open ("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
  if (own_fd < 0 || unshare (CLONE_NEWTIME) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a time namespace");
  if (!write_offsets (spec, error)) {
    quilt_time_namespace_restore (g_steal_fd (&own_fd), NULL);
    return FALSE;
  }
  *ret_own_fd = g_steal_fd (&own_fd);
  return TRUE;
}

gboolean
quilt_time_namespace_restore (int own_fd, GError **error)
{
  g_autofd int fd = own_fd;

  return fd < 0 || setns (fd, CLONE_NEWTIME) == 0 ||
         quilt_set_error_errno (error, errno, "Failed to return to our own time namespace");
}
