/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings for the container's own namespaces. They are written through a procfs that no
 * other process can reach. So nothing that an image or a volume puts on /proc can divert the writes
 * (CVE-2019-16884, CVE-2025-52881). */
#include "core/namespaces/sysctl.h"

#include "base/fd.h"
#include "spec/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Opens the directory `sys` of an unattached procfs. If the user namespace may not mount a procfs,
 * since its pid namespace belongs to another one, opens the host's, which is still ours. */
static int
open_proc_sys (void)
{
  g_autofd int fs_fd = fsopen ("proc", FSOPEN_CLOEXEC);
  g_autofd int mount_fd = -1;
  struct statfs fs;

  if (fs_fd >= 0 && fsconfig (fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
    mount_fd =
        fsmount (fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (mount_fd < 0)
    mount_fd = open ("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (mount_fd < 0)
    return -errno;
  if (fstatfs (mount_fd, &fs) < 0)
    return -errno;
  if (fs.f_type != PROC_SUPER_MAGIC)
    return -ENOTSUP;
  return g_steal_fd (&mount_fd);
}

static int
write_value (int proc_fd, const char *key, const char *value)
{
  struct open_how how = {
      .flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
  };
  char path[QUILT_SYSCTL_MAX + 4] = "sys/";
  g_autofd int fd = -1;
  struct statfs fs;
  gsize length = strlen (value);

  if (!quilt_sysctl_to_path (key, path + 4))
    return -EINVAL;
  fd = (int)syscall (SYS_openat2, proc_fd, path, &how, sizeof how);
  if (fd < 0 || fstatfs (fd, &fs) < 0)
    return -errno;
  if (fs.f_type != PROC_SUPER_MAGIC)
    return -ENOTSUP;
  /* Write the value with one call: the kernel treats each write as a separate value. */
  if (write (fd, length > 0 ? value : "\n", MAX (length, 1)) < 0)
    return -errno;
  return 0;
}

int
quilt_sysctls_apply (const QuiltSpec *spec, gboolean is_last, guint64 *done, const char **ret_key)
{
  g_autofd int proc_fd = -1;
  const char *key, *value;
  GHashTableIter iter;
  guint64 bit = 1; /* one bit per setting, at most QUILT_SYSCTLS_MAX */

  *ret_key = NULL;
  if (g_hash_table_size (spec->sysctls) == 0)
    return 0;
  proc_fd = open_proc_sys ();
  if (proc_fd < 0)
    return proc_fd;
  g_hash_table_iter_init (&iter, spec->sysctls);
  for (; g_hash_table_iter_next (&iter, (gpointer *)&key, (gpointer *)&value); bit <<= 1) {
    int r = *done & bit ? 0 : write_value (proc_fd, key, value);

    if (r == 0)
      *done |= bit;
    /* EINVAL: an id in the value, as in ping_group_range, may have no map yet. EPERM: the maps were
     * written between opening the file and writing to it, so it has another owner. */
    if (r < 0 && (is_last || (r != -EACCES && r != -EPERM && r != -EINVAL))) {
      *ret_key = key;
      return r;
    }
  }
  return 0;
}
