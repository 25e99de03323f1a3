/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Protects our own program file from the containers that we start. */
#include "oci/shield.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Since Linux 6.3. Without this flag, a system may forbid executing the file. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* If the file itself is the root of a mount, the mount is ours. A read-only mount of the host does
 * not protect the file: /usr is made writable for upgrades, and a process that opened the file
 * before could write to it then. */
static gboolean
is_shielded (int fd)
{
  struct statfs fs;
  struct statx st;

  if (fcntl (fd, F_GET_SEALS) == SEALS)
    return TRUE;
  return fstatfs (fd, &fs) == 0 && (fs.f_flags & ST_RDONLY) &&
         statx (fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0 &&
         (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int
clone_mount (int fd)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
  g_autofd int tree = open_tree (fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

  if (tree < 0 || mount_setattr (tree, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
    return -1;
  return g_steal_fd (&tree);
}

static int
copy_to_memory (int fd)
{
  const guint flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  g_autofd int copy = memfd_create ("quilt-oci", flags | MFD_EXEC);
  ssize_t n;

  if (copy < 0 && errno == EINVAL)
    copy = memfd_create ("quilt-oci", flags);
  if (copy < 0)
    return -1;
  do
    n = sendfile (copy, fd, NULL, G_MAXINT32);
  while (n > 0 || (n < 0 && errno == EINTR));
  if (n < 0 || fcntl (copy, F_ADD_SEALS, SEALS) < 0)
    return -1;
  return g_steal_fd (&copy);
}

gboolean
quilt_oci_shield (char **argv)
{
  g_autofd int fd = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  g_autofd int safe = -1;

  if (fd < 0)
    return FALSE;
  if (is_shielded (fd)) {
    prctl (PR_SET_NAME,
           "quilt-oci"); /* after execution by descriptor, the process name would be a number */
    return TRUE;
  }
  safe = clone_mount (fd);
  if (safe >= 0)
    execveat (safe, "", argv, environ, AT_EMPTY_PATH);
  /* A mount is impossible, or a security module requires a path. */
  quilt_fd_clear (&safe);
  safe = copy_to_memory (fd);
  if (safe >= 0)
    execveat (safe, "", argv, environ, AT_EMPTY_PATH);
  return FALSE;
}
