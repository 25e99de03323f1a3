/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device nodes that every container has. */
#pragma once

#include <glib.h>
#include <limits.h>
#include <sys/types.h>

/* Makes null, zero, full, random, urandom, tty and the usual links in the directory dev_fd, a new
 * tmpfs. Also makes those of `more` (of QuiltDevice, may be NULL) that are below /dev. If the
 * kernel forbids making nodes, makes empty files instead. Child-safe; needs umask 0. Returns 0 or
 * -errno. */
int quilt_devices_apply (int dev_fd, const GArray *more);

/* Makes the usual links in an existing /dev. Existing files stay. Child-safe. Returns 0 or
 * -errno. */
int quilt_devices_link (int dev_fd);

/* Whether path is below /dev. Child-safe. */
gboolean quilt_devices_is_in_dev (const char *path);

/* As quilt_devices_apply(), but sets the owner of the nodes and of the directory as a user
 * namespace with these maps (of QuiltIdMap) needs it. Returns 0 or -errno. */
int
quilt_devices_give (int dev_fd, const GArray *more, const GArray *uid_map, const GArray *gid_map);

/* A device node to make. */
typedef struct {
  char path[PATH_MAX]; /* in the container */
  mode_t kind;         /* S_IFCHR, S_IFBLK or S_IFIFO */
  mode_t mode;         /* permissions alone */
  dev_t rdev;
  guint32 uid, gid;
  gboolean usual; /* every container has it */
} QuiltDeviceNode;

/* Makes the node `name` in the directory dir_fd, where that name must be free. If the kernel
 * forbids making nodes, makes an empty file instead. Child-safe; needs umask 0. Returns 0 or
 * -errno. */
int quilt_device_make (int dir_fd, const char *name, const QuiltDeviceNode *node);

/* Gets the usual nodes and then those of `more`, by index from 0 on. Returns FALSE if index is too
 * high. Child-safe. */
gboolean quilt_devices_get (guint index, const GArray *more, QuiltDeviceNode *ret_node);
