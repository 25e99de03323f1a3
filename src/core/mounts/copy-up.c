/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount option tmpcopyup: a new tmpfs first gets a copy of the files that it would hide. */
#include "core/mounts/copy-up.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each level keeps two descriptors open and a buffer on the stack. */
#define DEPTH_MAX 64

/* Follows no links and enters no other file system. */
static int
open_in (int dir_fd, const char *name, int flags)
{
  const struct open_how how = {
      .flags = (guint64)(flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };

  return (int)syscall (SYS_openat2, dir_fd, name, &how, sizeof how);
}

static int
copy_attributes (int dir_fd, const char *name, const struct stat *st)
{
  const struct timespec times[] = {st->st_atim, st->st_mtim};

  if (fchownat (dir_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
    return -errno;
  /* Set the mode after the owner, since a change of owner clears setuid. */
  if (!S_ISLNK (st->st_mode) && fchmodat (dir_fd, *name ? name : ".", st->st_mode & 07777, 0) < 0)
    return -errno;
  return utimensat (dir_fd, *name ? name : ".", times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int
copy_file (int from_dir, int to_dir, const char *name)
{
  g_autofd int from_fd = open_in (from_dir, name, O_RDONLY);
  g_autofd int to_fd = -1;
  ssize_t n;

  if (from_fd < 0)
    return -errno;
  to_fd = openat (to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to_fd < 0)
    return -errno;
  do
    n = sendfile (to_fd, from_fd, NULL, 1 << 30);
  while (n > 0 || (n < 0 && errno == EINTR));
  return n < 0 ? -errno : 0;
}

static int
copy_link (int from_dir, int to_dir, const char *name)
{
  char target[PATH_MAX];
  ssize_t n = readlinkat (from_dir, name, target, sizeof target - 1);

  if (n < 0)
    return -errno;
  target[n] = '\0';
  return symlinkat (target, to_dir, name) < 0 ? -errno : 0;
}

static int copy_directory (int from_fd, int to_fd, guint depth);

static int
copy_below (int from_dir, int to_dir, const char *name, guint depth)
{
  g_autofd int from_fd = open_in (from_dir, name, O_RDONLY | O_DIRECTORY);
  g_autofd int to_fd = -1;

  if (mkdirat (to_dir, name, 0700) < 0)
    return -errno;
  if (from_fd < 0)
    return errno == EXDEV ? 0 : -errno;
  to_fd = open_in (to_dir, name, O_RDONLY | O_DIRECTORY);
  return to_fd < 0 ? -errno : copy_directory (from_fd, to_fd, depth + 1);
}

static int
copy_entry (int from_dir, int to_dir, const char *name, guint depth)
{
  struct stat st;
  int r;

  if (fstatat (from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  if (S_ISDIR (st.st_mode))
    r = copy_below (from_dir, to_dir, name, depth);
  else if (S_ISREG (st.st_mode))
    r = copy_file (from_dir, to_dir, name);
  else if (S_ISLNK (st.st_mode))
    r = copy_link (from_dir, to_dir, name);
  else
    r = mknodat (to_dir, name, st.st_mode & (S_IFMT | 0777), st.st_rdev) < 0 ? -errno : 0;
  return r < 0 ? r : copy_attributes (to_dir, name, &st);
}

/* Uses the system call, since readdir(3) allocates. */
static int
copy_directory (int from_fd, int to_fd, guint depth)
{
  char buffer[2048] __attribute__ ((aligned (8)));
  long n;
  int r = 0;

  if (depth > DEPTH_MAX)
    return -ELOOP;
  while (r == 0 && (n = syscall (SYS_getdents64, from_fd, buffer, sizeof buffer)) != 0) {
    if (n < 0)
      return -errno;
    for (long at = 0; r == 0 && at < n;) {
      const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);

      at += entry->d_reclen;
      if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
        r = copy_entry (from_fd, to_fd, entry->d_name, depth);
    }
  }
  return r;
}

int
quilt_copy_up (int from_fd, int to_fd, gboolean keep_mode)
{
  g_autofd int readable_fd = openat (from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autofd int root_fd = openat (to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st;
  int r;

  if (readable_fd < 0 || root_fd < 0 || fstat (readable_fd, &st) < 0)
    return -errno;
  r = copy_directory (readable_fd, root_fd, 0);
  return r < 0 || keep_mode ? r : copy_attributes (root_fd, "", &st);
}
