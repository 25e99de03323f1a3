/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount option QUILT_MOUNT_COPY: the container gets a copy of a file, in a file system in
 * memory. */
#include "core/mounts/copies.h"

#include "base/fd.h"
#include "core/mounts/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* All copies of a container together may grow by this many bytes. The host's /etc/hosts may be
 * large, so this comes on top of their size. */
#define COPIES_ROOM (1024 * 1024)
#define COPIES_INODES "64"

/* The total size in bytes of the files to copy. */
static guint64
get_bytes (const QuiltMountPlan *plan)
{
  guint64 size = 0;

  for (guint i = 0; i < plan->trees->len; i++) {
    const QuiltMountOp *op = g_array_index (plan->trees, QuiltMountTree, i).op;
    struct stat st;

    if (op && op->copy && fstat (plan->tree_fds[i], &st) == 0)
      size += (guint64)st.st_size;
  }
  return size;
}

/* Attaches the file system, since older kernels can't clone an unattached mount. */
static int
make_directory (guint64 size, int place_fd, int *ret_fd)
{
  char size_text[24];
  QuiltMountSetting settings[] = {{(char *)"size", size_text},
                                  {(char *)"nr_inodes", (char *)COPIES_INODES}};
  const QuiltMountOp op = {
      .type = "tmpfs",
      .settings = &(GArray){(char *)settings, G_N_ELEMENTS (settings)},
      .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  };
  int r;

  g_snprintf (size_text, sizeof size_text, "%" G_GUINT64_FORMAT, size);
  r = quilt_mount_new (&op, NULL, 0, ret_fd);
  return r < 0 ? r : quilt_mount_attach (*ret_fd, place_fd);
}

static int
copy_file (int from_fd, int to_fd)
{
  struct stat st;
  ssize_t n;

  if (fstat (from_fd, &st) < 0)
    return -errno;
  if (!S_ISREG (st.st_mode))
    return -EINVAL;
  while ((n = sendfile (to_fd, from_fd, NULL, 65536)) > 0)
    ;
  return n < 0 || fchmod (to_fd, 0644) < 0 ? -errno : 0;
}

/* On input *file_fd is the file. On success it is replaced by a mount of the file's copy, which has
 * this name in the directory. */
static int
make_copy (int directory_fd, const char *name, const QuiltMountOp *op, int *file_fd)
{
  g_autofd int to_fd = openat (directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  g_autofd int fd = -1;
  int r = to_fd < 0 ? -errno : copy_file (*file_fd, to_fd);

  if (r < 0)
    return r;
  fd = open_tree (directory_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  r = fd < 0 ? -errno : quilt_mount_set_attributes (fd, op);
  if (r < 0)
    return r;
  quilt_fd_clear (file_fd);
  *file_fd = g_steal_fd (&fd);
  return 0;
}

int
quilt_copies_make (const QuiltMountPlan *plan, int place_fd, const QuiltMountOp **ret_failed)
{
  g_autofd int directory_fd = -1;
  int r = 0;

  for (guint i = 0; i < plan->trees->len && r == 0; i++) {
    const QuiltMountOp *op = g_array_index (plan->trees, QuiltMountTree, i).op;
    char name[16];

    if (!op || !op->copy)
      continue;
    g_snprintf (name, sizeof name, "%u", i);
    if (directory_fd < 0)
      r = make_directory (get_bytes (plan) + COPIES_ROOM, place_fd, &directory_fd);
    if (r == 0)
      r = make_copy (directory_fd, name, op, &plan->tree_fds[i]);
    if (r < 0)
      *ret_failed = op;
  }
  return r;
}
