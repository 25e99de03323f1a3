/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of making a mount. */
#include "core/mounts/parts.h"

#include "base/fd.h"
#include "core/mounts/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* The file system's message about a failed parameter, e.g. "overlay: Invalid argument…". */
static int
fail_context (int fs_fd, char *detail, gsize size)
{
  int errsv = errno;
  char line[256];
  ssize_t n = size > 0 ? read (fs_fd, line, sizeof line - 1) : 0;

  if (n > 2) {
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\0'))
      n--;
    line[n] = '\0';
    g_strlcpy (detail, line + 2, size); /* skip the letter for the severity and a blank */
  }
  return -errsv;
}

int
quilt_mount_set_attributes (int fd, const QuiltMountOp *op)
{
  const guint64 propagation = op->propagation ? op->propagation : MS_PRIVATE;
  struct mount_attr attr = {op->attr_set, op->attr_clear, propagation, 0};
  struct mount_attr below = {op->below_set, op->below_clear, propagation, 0};
  gboolean deep = op->recursive || op->has_below;
  gboolean same = attr.attr_set == below.attr_set && attr.attr_clr == below.attr_clr;

  if (deep && mount_setattr (fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &below, sizeof below) < 0)
    return -errno;
  if (deep && same)
    return 0;
  return mount_setattr (fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0 ? -errno : 0;
}

/* Only root of a network namespace can mount its sysfs. Otherwise bind the host's sysfs, read-only,
 * as other runtimes do. */
static int
bind_sysfs (const QuiltMountOp *op, int *ret_fd)
{
  QuiltMountOp host = *op;
  g_autofd int fd =
      open_tree (AT_FDCWD, "/sys", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  int r;

  if (fd < 0)
    return -errno;
  host.recursive = TRUE;
  host.below_set = op->attr_set;
  host.below_clear = 0;
  host.attr_clear = 0;
  r = quilt_mount_set_attributes (fd, &host);
  if (r == 0)
    *ret_fd = g_steal_fd (&fd);
  return r;
}

int
quilt_mount_configure (const QuiltMountOp *op, int fs_fd, char *detail, gsize size)
{
  if (op->source && fsconfig (fs_fd, FSCONFIG_SET_STRING, "source", op->source, 0) < 0)
    return fail_context (fs_fd, detail, size);
  for (guint i = 0; i < op->settings->len; i++) {
    const QuiltMountSetting *setting = &g_array_index (op->settings, QuiltMountSetting, i);

    if (fsconfig (fs_fd, setting->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, setting->key,
                  setting->value, 0) < 0) {
      int r = fail_context (fs_fd, detail, size);

      if (size > 0 && !*detail)
        g_strlcpy (detail, setting->key, size);
      return r;
    }
  }
  return fsconfig (fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0
             ? fail_context (fs_fd, detail, size)
             : 0;
}

int
quilt_mount_finish (const QuiltMountOp *op, int fs_fd, char *detail, gsize size, int *ret_fd)
{
  g_autofd int fd = -1;
  int r;

  fd = fsmount (fs_fd, FSMOUNT_CLOEXEC, (unsigned)op->attr_set);
  if (fd < 0)
    return fail_context (fs_fd, detail, size);
  if ((op->propagation & ~(guint64)MS_PRIVATE) && (r = quilt_mount_set_attributes (fd, op)) < 0)
    return r;
  if (op->devices && (r = quilt_devices_apply (fd, op->nodes)) < 0)
    return r;
  *ret_fd = g_steal_fd (&fd);
  return 0;
}

int
quilt_mount_new (const QuiltMountOp *op, char *detail, gsize size, int *ret_fd)
{
  g_autofd int fs_fd = fsopen (op->type, FSOPEN_CLOEXEC);
  int r = fs_fd < 0 ? -errno : quilt_mount_configure (op, fs_fd, detail, size);

  if (r == -EPERM && strcmp (op->type, "sysfs") == 0)
    return bind_sysfs (op, ret_fd);
  return r < 0 ? r : quilt_mount_finish (op, fs_fd, detail, size, ret_fd);
}

int
quilt_mount_attach (int fd, int target_fd)
{
  return move_mount (fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
             ? -errno
             : 0;
}
