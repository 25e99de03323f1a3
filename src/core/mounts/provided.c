/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a process in a container gets beside the container's own. */
#include "core/mounts/provided.h"

#include "base/fd.h"
#include "core/mounts/parts.h"
#include "spec/provide.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A container may fill its root with names, and each costs a mount. */
#define ENTRIES_MAX 1024
#define INODES "4096"
/* For the directories and links. */
#define ROOM (4 * 1024 * 1024)

/* The names of busybox that are of use in a container. A busybox that lacks one says so. */
static const char *const names[] = {
    "sh",          "[",
    "ar",          "arch",
    "arp",         "arping",
    "ash",         "awk",
    "base64",      "basename",
    "bc",          "bunzip2",
    "bzcat",       "bzip2",
    "cal",         "cat",
    "chgrp",       "chmod",
    "chown",       "chroot",
    "clear",       "cmp",
    "cp",          "cpio",
    "crc32",       "cut",
    "date",        "dc",
    "dd",          "df",
    "diff",        "dirname",
    "dmesg",       "dnsdomainname",
    "dos2unix",    "du",
    "echo",        "ed",
    "egrep",       "env",
    "expand",      "expr",
    "factor",      "fallocate",
    "false",       "fgrep",
    "find",        "fold",
    "free",        "ftpget",
    "ftpput",      "fuser",
    "getopt",      "grep",
    "groups",      "gunzip",
    "gzip",        "head",
    "hexdump",     "hostid",
    "hostname",    "httpd",
    "id",          "ifconfig",
    "install",     "ionice",
    "iostat",      "ip",
    "ipcalc",      "kill",
    "killall",     "last",
    "less",        "link",
    "ln",          "logger",
    "logname",     "ls",
    "lsof",        "lzcat",
    "lzma",        "md5sum",
    "mkdir",       "mkfifo",
    "mknod",       "mktemp",
    "more",        "mount",
    "mountpoint",  "mpstat",
    "mv",          "nc",
    "netstat",     "nice",
    "nl",          "nohup",
    "nproc",       "nsenter",
    "nslookup",    "od",
    "paste",       "patch",
    "pgrep",       "pidof",
    "ping",        "ping6",
    "pkill",       "pmap",
    "printenv",    "printf",
    "ps",          "pstree",
    "pwd",         "pwdx",
    "readlink",    "realpath",
    "renice",      "reset",
    "resize",      "rev",
    "rm",          "rmdir",
    "route",       "run-parts",
    "sed",         "seq",
    "setpriv",     "setsid",
    "sha1sum",     "sha256sum",
    "sha3sum",     "sha512sum",
    "shred",       "shuf",
    "sleep",       "sort",
    "split",       "ssl_client",
    "stat",        "strings",
    "stty",        "sum",
    "sync",        "sysctl",
    "tac",         "tail",
    "tar",         "taskset",
    "tee",         "telnet",
    "test",        "tftp",
    "time",        "timeout",
    "top",         "touch",
    "tr",          "traceroute",
    "traceroute6", "true",
    "truncate",    "ts",
    "tty",         "umount",
    "uname",       "uncompress",
    "unexpand",    "uniq",
    "unix2dos",    "unlink",
    "unlzma",      "unshare",
    "unxz",        "unzip",
    "uptime",      "users",
    "usleep",      "uudecode",
    "uuencode",    "vi",
    "w",           "watch",
    "wc",          "wget",
    "which",       "who",
    "whoami",      "whois",
    "xargs",       "xxd",
    "xz",          "xzcat",
    "yes",         "zcat",
};

/* As getdents64(2) writes it. */
typedef struct {
  guint64 inode;
  gint64 offset;
  guint16 length;
  guint8 type;
  char name[];
} Entry;

static guint64
get_size (int fd)
{
  struct stat st;

  return fd >= 0 && fstat (fd, &st) == 0 ? (guint64)st.st_size : 0;
}

/* Mounts the new root over the old one. */
static int
make_root (const QuiltProvided *files, int old_fd, int *ret_fd)
{
  char size[24];
  QuiltMountSetting settings[] = {{(char *)"size", size},
                                  {(char *)"nr_inodes", (char *)INODES},
                                  {(char *)"mode", (char *)"0755"}};
  const QuiltMountOp op = {
      .type = "tmpfs",
      .settings = &(GArray){(char *)settings, G_N_ELEMENTS (settings)},
      .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
  };
  int r;

  g_snprintf (size, sizeof size, "%" G_GUINT64_FORMAT,
              get_size (files->busybox) + get_size (files->certificates) + ROOM);
  r = quilt_mount_new (&op, NULL, 0, ret_fd);
  return r < 0 ? r : quilt_mount_attach (*ret_fd, old_fd);
}

static int
copy_link (int link_fd, int root_fd, const char *name)
{
  char target[PATH_MAX];
  ssize_t n = readlinkat (link_fd, "", target, sizeof target - 1);

  if (n < 0)
    return -errno;
  target[n] = '\0';
  return symlinkat (target, root_fd, name) < 0 ? -errno : 0;
}

/* Mounts the file or directory, with all mounts below it, under the same name in the new root. */
static int
bind (int fd, int root_fd, const char *name, gboolean is_directory)
{
  g_autofd int tree_fd = open_tree (fd, "",
                                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
                                        (is_directory ? AT_RECURSIVE : 0));
  g_autofd int target_fd = -1;

  if (tree_fd < 0)
    return -errno;
  if (is_directory ? mkdirat (root_fd, name, 0755) < 0
                   : mknodat (root_fd, name, S_IFREG | 0644, 0) < 0)
    return -errno;
  target_fd = openat (root_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  return target_fd < 0 ? -errno : quilt_mount_attach (tree_fd, target_fd);
}

/* The container may change its root meanwhile, so everything is done with the file that is open. A
 * file system of the container's own programs (FUSE) is not asked. */
static int
take_entry (int old_fd, int root_fd, const char *name)
{
  g_autofd int fd = openat (old_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct statx st;

  if (fd < 0)
    return errno == ENOENT ? 0 : -errno;
  if (statx (fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
    return -errno;
  if (S_ISLNK (st.stx_mode))
    return copy_link (fd, root_fd, name);
  return bind (fd, root_fd, name, S_ISDIR (st.stx_mode));
}

static gboolean
is_ours (const char *name)
{
  return strcmp (name, ".") == 0 || strcmp (name, "..") == 0 ||
         strcmp (name, QUILT_PROVIDE_DIRECTORY) == 0;
}

static int
take_entries (int old_fd, int root_fd, const char **ret_why)
{
  g_autofd int fd = openat (old_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  _Alignas(Entry) char buffer[8192];
  guint n = 0;
  long length;
  int r = 0;

  while ((length = syscall (SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < length && r == 0; n++) {
      const Entry *entry = (const Entry *)(const void *)(buffer + at);

      at += entry->length;
      if (n > ENTRIES_MAX) {
        *ret_why = "the container's root directory has more than 1024 entries";
        return -E2BIG;
      }
      if (!is_ours (entry->name))
        r = take_entry (old_fd, root_fd, entry->name);
      if (r < 0)
        return r;
    }
  return length < 0 ? -errno : 0;
}

static int
copy_file (int from_fd, int dir_fd, const char *name, mode_t mode)
{
  g_autofd int to_fd = openat (dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  ssize_t n;

  if (to_fd < 0)
    return -errno;
  while ((n = sendfile (to_fd, from_fd, NULL, 1 << 20)) > 0)
    ;
  return n < 0 ? -errno : 0;
}

static int
add_programs (const QuiltProvided *files, int dir_fd)
{
  g_autofd int fd = -1;
  int r;

  if (mkdirat (dir_fd, QUILT_PROVIDE_PROGRAMS, 0755) < 0)
    return -errno;
  fd = openat (dir_fd, QUILT_PROVIDE_PROGRAMS, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  r = copy_file (files->busybox, fd, "busybox", 0755);
  for (guint i = 0; r == 0 && i < (files->has_all ? G_N_ELEMENTS (names) : 1); i++)
    r = symlinkat ("busybox", fd, names[i]) < 0 ? -errno : 0;
  return r;
}

static int
add_files (const QuiltProvided *files, int dir_fd)
{
  int r = files->busybox >= 0 ? add_programs (files, dir_fd) : 0;

  if (r == 0 && files->certificates >= 0)
    r = copy_file (files->certificates, dir_fd, QUILT_PROVIDE_CERTIFICATES, 0644);
  return r;
}

static int
open_directory (int root_fd)
{
  return openat (root_fd, QUILT_PROVIDE_DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int
add_directory (const QuiltProvided *files, int root_fd)
{
  g_autofd int fd = -1;

  if (mkdirat (root_fd, QUILT_PROVIDE_DIRECTORY, 0755) < 0)
    return -errno;
  fd = open_directory (root_fd);
  return fd < 0 ? -errno : add_files (files, fd);
}

/* The image may have a link there. Then the mount is where the link leads to. */
int
quilt_provided_fill (const QuiltProvided *files, int root_fd, const char **ret_why)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
  g_autofd int fd = open_directory (root_fd);
  struct statfs fs;
  struct statx st;
  int r;

  *ret_why = "";
  if (fd < 0 || fstatfs (fd, &fs) < 0 || statx (fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
    return -errno;
  if (fs.f_type != TMPFS_MAGIC || !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
    *ret_why = "the image has something else there";
    return -EINVAL;
  }
  r = add_files (files, fd);
  if (r == 0 && mount_setattr (fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
    r = -errno;
  return r;
}

/* The old root is stacked on the new one, and then unmounted here: pivot_root(2). */
static int
seal_and_enter (int root_fd)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};

  if (mount_setattr (root_fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0 ||
      fchdir (root_fd) < 0 || syscall (SYS_pivot_root, ".", ".") < 0 ||
      umount2 (".", MNT_DETACH) < 0 || chdir ("/") < 0)
    return -errno;
  return 0;
}

int
quilt_provided_enter (const QuiltProvided *files, const char **ret_why)
{
  struct mount_attr private = {.propagation = MS_PRIVATE};
  g_autofd int old_fd = -1, root_fd = -1;
  int r;

  *ret_why = "";
  if (unshare (CLONE_NEWNS) < 0 ||
      mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private) < 0)
    return -errno;
  old_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old_fd < 0)
    return -errno;
  r = make_root (files, old_fd, &root_fd);
  if (r == 0)
    r = take_entries (old_fd, root_fd, ret_why);
  if (r == 0)
    r = add_directory (files, root_fd);
  return r < 0 ? r : seal_and_enter (root_fd);
}
