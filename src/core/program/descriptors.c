/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The open files that a cloned child keeps. */
#include "core/program/descriptors.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
quilt_descriptors_set_stdio (const int *stdio)
{
  g_autofd int null_fd = open ("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

  if (null_fd < 0)
    return -errno;
  for (int i = 0; i < 3; i++)
    if (dup2 (stdio[i] >= 0 ? stdio[i] : null_fd, i) < 0)
      return -errno;
  return 0;
}

int
quilt_descriptors_close (guint n_preserved, const int *keep, guint n_keep)
{
  guint first = 3 + n_preserved;

  for (;;) {
    guint next = G_MAXUINT;

    for (guint i = 0; i < n_keep; i++)
      if (keep[i] >= 0 && (guint)keep[i] >= first)
        next = MIN (next, (guint)keep[i]);
    if (next > first && close_range (first, next == G_MAXUINT ? next : next - 1, 0) < 0)
      return -errno;
    if (next == G_MAXUINT)
      return 0;
    first = next + 1;
  }
}
