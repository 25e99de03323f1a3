/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enters a container's file system. */
#include "copy/enter.h"

#include "base/beneath.h"
#include "base/error.h"
#include "base/fd.h"
#include "cgroup/scope.h"
#include "core/identity/user-namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static gboolean
fail_stopped (GError **error)
{
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                       "The container has just stopped");
  return FALSE;
}

int
quilt_copy_join (const char *scope, const char *id, pid_t first, GError **error)
{
  g_autofd int pid_fd = pidfd_open (first, 0);
  g_autofd int scope_fd = -1;

  if (pid_fd < 0) {
    fail_stopped (error);
    return -1;
  }
  scope_fd = quilt_scope_join (scope, id, first, error);
  return scope_fd < 0 ? -1 : g_steal_fd (&pid_fd);
}

static int
open_of (pid_t pid, const char *name, int flags)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", (int)pid, name);

  return open (path, flags | O_CLOEXEC);
}

static gboolean
is_own_user_namespace (int fd)
{
  struct stat own, other;

  return stat ("/proc/self/ns/user", &own) == 0 && fstat (fd, &other) == 0 &&
         own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static gboolean
set_readonly (int fd)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};

  return mount_setattr (fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) == 0;
}

/* Does what a start does last: makes a read-only root read-only. Makes each tmpfs read-only too,
 * since files in it would be lost at once. */
static gboolean
seal (const QuiltSpec *spec, int root_fd)
{
  if (spec->root_readonly && !set_readonly (root_fd))
    return FALSE;
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];
    g_autofd int fd = -1;
    struct statfs fs;

    if (g_strcmp0 (mount->type, "tmpfs") != 0)
      continue;
    fd = quilt_open_in_root (root_fd, mount->destination, O_PATH | O_DIRECTORY, 0);
    if (fd >= 0 && fstatfs (fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC && !set_readonly (fd))
      return FALSE;
  }
  return TRUE;
}

/* Opening namespaces by a number is safe if the process is still alive afterwards. */
static gboolean
is_alive (int pid_fd)
{
  return pidfd_send_signal (pid_fd, 0, NULL, 0) == 0;
}

static gboolean
change_root (int root_fd)
{
  return fchdir (root_fd) == 0 && chroot (".") == 0 && chdir ("/") == 0;
}

gboolean
quilt_copy_enter (const QuiltCopyPlace *place, gboolean alone, int *ret_root, GError **error)
{
  g_autofd int mount_fd = open_of (place->pid, "ns/mnt", O_RDONLY);
  g_autofd int user_fd = open_of (place->pid, "ns/user", O_RDONLY);
  g_autofd int root_fd = open_of (place->pid, "root", O_PATH | O_DIRECTORY);
  g_autofd int result = -1;
  const gboolean has_users = user_fd >= 0 && !is_own_user_namespace (user_fd);
  int r;

  if (mount_fd < 0 || user_fd < 0 || root_fd < 0 || !is_alive (place->pid_fd))
    return fail_stopped (error);
  if (setns (mount_fd, CLONE_NEWNS) < 0 || !change_root (root_fd))
    return quilt_set_error_errno (error, errno, "Failed to enter the container's file system");
  if (place->spec && !seal (place->spec, root_fd))
    return quilt_set_error_errno (error, errno, "Failed to make a file system read-only");
  result = alone ? open_tree (root_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
                 : open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (result < 0)
    return quilt_set_error_errno (error, errno, "Failed to open the container's root");
  if (has_users && setns (user_fd, CLONE_NEWUSER) < 0)
    return quilt_set_error_errno (error, errno, "Failed to enter the container's user namespace");
  r = quilt_user_namespace_become_root (FALSE);
  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to become the container's root");
  /* The change of ids may have made us visible to processes with the same ids. */
  if (prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
    return quilt_set_error_errno (error, errno, "Failed to forbid tracing");
  *ret_root = g_steal_fd (&result);
  return TRUE;
}
