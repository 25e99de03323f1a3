/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device nodes that every container has. */
#pragma once

#include <glib.h>
#include <limits.h>
#include <sys/types.h>

/* Makes null, zero, full, random, urandom, tty and the usual links in the directory dev_fd, a fresh
 * tmpfs, and more (of QuiltDevice, may be NULL) beside them, as far as they are below /dev; empty
 * files where the kernel lets us make no nodes. Child-safe; needs umask 0. 0 or -errno. */
int quilt_devices_apply (int dev_fd, const GArray *more);

/* Makes those links in a /dev that is there already, beside what is there. Child-safe. 0 or -errno.
 */
int quilt_devices_link (int dev_fd);

/* Whether path is below /dev. Child-safe. */
gboolean quilt_devices_is_in_dev (const char *path);

/* Makes all of them, and the directory, those of a user namespace with these maps (of QuiltIdMap).
 * 0 or -errno. */
int
quilt_devices_give (int dev_fd, const GArray *more, const GArray *uid_map, const GArray *gid_map);

/* One of them as it is to be. */
typedef struct {
  char path[PATH_MAX]; /* in the container */
  mode_t kind;         /* S_IFCHR, S_IFBLK or S_IFIFO */
  mode_t mode;         /* permissions alone */
  dev_t rdev;
  guint32 uid, gid;
  gboolean usual; /* one that every container has */
} QuiltDeviceNode;

/* Makes the node at name in the directory dir_fd, where nothing is; an empty file where the kernel
 * lets us make no nodes. Child-safe; needs umask 0. 0 or -errno. */
int quilt_device_make (int dir_fd, const char *name, const QuiltDeviceNode *node);

/* They are so many from 0 on; FALSE after the last. Child-safe. */
gboolean quilt_devices_get (guint index, const GArray *more, QuiltDeviceNode *ret_node);
