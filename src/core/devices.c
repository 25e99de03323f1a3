/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device nodes that every container has. */
#include "core/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Numbers: Documentation/admin-guide/devices.txt of Linux. */
static const struct {
  const char *name;
  guint major, minor;
} nodes[] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
  const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},         {"core", "/proc/kcore"},
};

int
quilt_devices_apply (int dev_fd)
{
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    if (mknodat (dev_fd, nodes[i].name, S_IFCHR | 0666, makedev (nodes[i].major, nodes[i].minor)) <
        0)
      return -errno;
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    if (symlinkat (links[i].target, dev_fd, links[i].name) < 0)
      return -errno;
  return 0;
}

int
quilt_devices_give (int dev_fd, guint32 uid, guint32 gid)
{
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    if (fchownat (dev_fd, nodes[i].name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    if (fchownat (dev_fd, links[i].name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
  return fchownat (dev_fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}
