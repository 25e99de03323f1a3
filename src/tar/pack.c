/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a tree as a tar stream. */
#include "tar/pack.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "tar/entry.h"
#include "tar/extents.h"
#include "tar/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DEPTH_MAX 256
#define XATTR_BYTES_MAX (64 * 1024)
/* Memory for the paths of files with several links. Beyond it they become files of their own. */
#define LINKS_BYTES_MAX (64 * 1024 * 1024)
#define MQUEUE_MAGIC 0x19800202

typedef struct {
  QuiltTarStream *stream;
  const QuiltPackSettings *settings;
  QuiltTarReport *report;
  GString *path;     /* of the member, in the archive */
  GHashTable *links; /* "DEVICE:INODE" → path of a file with several links */
  gsize links_bytes;
  GByteArray *header;
  guint depth;
} Pack;

static gboolean pack_at (Pack *p, int dir_fd, dev_t device, const char *name, GError **error);

const char *
quilt_tar_left_name (QuiltTarLeft kind)
{
  static const char *const names[] = {
      [QUILT_TAR_LEFT_DEVICE] = "device-nodes",
      [QUILT_TAR_LEFT_SOCKET] = "sockets",
      [QUILT_TAR_LEFT_KERNEL] = "kernel-directories",
      [QUILT_TAR_LEFT_CHANGED] = "changed-files",
  };

  return names[kind];
}

gboolean
quilt_tar_is_of_kernel (int fd)
{
  static const guint32 types[] = {
      PROC_SUPER_MAGIC, SYSFS_MAGIC,    CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC,
      DEBUGFS_MAGIC,    TRACEFS_MAGIC,  SECURITYFS_MAGIC,   BPF_FS_MAGIC,        SELINUX_MAGIC,
      BINFMTFS_MAGIC,   EFIVARFS_MAGIC, NSFS_MAGIC,         PSTOREFS_MAGIC,      MQUEUE_MAGIC,
  };
  struct statfs fs;

  if (fstatfs (fd, &fs) < 0)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if ((guint32)fs.f_type == types[i])
      return TRUE;
  return FALSE;
}

static gboolean
fail (const Pack *p, int errsv, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (*p->path->str ? p->path->str : ".");

  return quilt_set_error_errno (error, errsv, "Failed to read '%s'", quoted);
}

/* A file that was removed since its directory was read is skipped, unless the caller asked for it.
 */
static gboolean
fail_or_skip (const Pack *p, int errsv, GError **error)
{
  if ((errsv != ENOENT && errsv != ESTALE) || p->depth == 0)
    return fail (p, errsv, error);
  p->report->left[QUILT_TAR_LEFT_CHANGED]++;
  return TRUE;
}

static gboolean
refuse (const Pack *p, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (*p->path->str ? p->path->str : ".");

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': %s", quoted,
               why);
  return FALSE;
}

static gboolean
fail_stream (GError **error)
{
  return quilt_tar_set_stream_error (error, errno, "write");
}

/* Left out, unless it is what the caller asked for. */
static gboolean
leave_out (const Pack *p, QuiltTarLeft kind, const char *why, GError **error)
{
  if (p->depth == 0)
    return refuse (p, why, error);
  p->report->left[kind]++;
  return TRUE;
}

static void
add_xattrs (int fd, QuiltTarMember *member)
{
  g_autofree char *names = NULL;
  g_autofree char *value = NULL;
  ssize_t length = flistxattr (fd, NULL, 0);

  if (length <= 0 || length > XATTR_BYTES_MAX)
    return;
  names = g_malloc (XATTR_BYTES_MAX);
  value = g_malloc (XATTR_BYTES_MAX);
  length = flistxattr (fd, names, XATTR_BYTES_MAX);
  for (ssize_t at = 0; at < length; at += (ssize_t)strlen (names + at) + 1) {
    const char *name = names + at;
    ssize_t n = quilt_entry_keeps_xattr (name) ? fgetxattr (fd, name, value, XATTR_BYTES_MAX) : -1;

    if (n >= 0)
      quilt_tar_member_add_xattr (member, name, value, (gsize)n);
  }
}

/* Writes the headers. fd is open for reading, or -1: no attributes. Takes member's content. */
static gboolean
write_header (
    Pack *p, QuiltTarType type, const struct stat *st, int fd, char *target, GError **error)
{
  const gboolean is_directory = type == QUILT_TAR_DIRECTORY;
  QuiltTarMember member = {
      .type = type,
      .path = *p->path->str ? g_strconcat (p->path->str, is_directory ? "/" : "", NULL)
                            : g_strdup ("./"),
      .target = target,
      .mode = st->st_mode & 07777,
      .uid = st->st_uid,
      .gid = st->st_gid,
      .size = type == QUILT_TAR_FILE ? st->st_size : 0,
      .mtime = st->st_mtim,
      .major = major (st->st_rdev),
      .minor = minor (st->st_rdev),
  };

  if (p->settings->xattrs && fd >= 0)
    add_xattrs (fd, &member);
  g_byte_array_set_size (p->header, 0);
  quilt_tar_encode (&member, p->header);
  quilt_tar_member_clear (&member);
  p->report->entries++;
  return quilt_tar_stream_write (p->stream, p->header->data, p->header->len) || fail_stream (error);
}

/* Sets *ret_path to the earlier member that is the same file. If there is none, remembers this
 * one. */
static void
find_link (Pack *p, const struct stat *st, const char **ret_path)
{
  g_autofree char *key =
      g_strdup_printf ("%llx:%llx", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);

  *ret_path = g_hash_table_lookup (p->links, key);
  p->links_bytes += *ret_path ? 0 : strlen (key) + p->path->len;
  if (!*ret_path && p->links_bytes <= LINKS_BYTES_MAX)
    g_hash_table_insert (p->links, g_steal_pointer (&key), g_strdup (p->path->str));
}

/* Writes from *at to `end`. Stops where the file ends: *at is that place. */
static gboolean
write_part (Pack *p, int fd, guint64 *at, guint64 end, GError **error)
{
  while (*at < end) {
    gsize room;
    guint8 *space = quilt_tar_stream_reserve (p->stream, &room);
    ssize_t n;

    if (!space)
      return fail_stream (error);
    n = pread (fd, space, (gsize)MIN (end - *at, room), (off_t)*at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail (p, errno, error);
    if (n == 0)
      break;
    quilt_tar_stream_commit (p->stream, (gsize)n);
    *at += (guint64)n;
  }
  return TRUE;
}

static gboolean
has_shrunk (int fd, guint64 size)
{
  struct stat st;

  return fstat (fd, &st) == 0 && (guint64)st.st_size < size;
}

/* Writes as many bytes as the header says: a file that has grown is cut, and one that has shrunk is
 * filled up with zeros. Does not read the zeros of holes, which would take memory as well. */
static gboolean
write_data (Pack *p, int fd, guint64 size, GError **error)
{
  guint64 at = 0;

  while (at < size) {
    QuiltExtent data;

    if (!quilt_extent_find (fd, at, size, &data))
      data = (QuiltExtent){at, size};
    if (!quilt_tar_stream_write_zeros (p->stream, data.start - at))
      return fail_stream (error);
    at = data.start;
    if (!write_part (p, fd, &at, data.end, error))
      return FALSE;
    if (at < data.end)
      break;
  }
  p->report->left[QUILT_TAR_LEFT_CHANGED] += at < size || has_shrunk (fd, size);
  return quilt_tar_stream_write_zeros (p->stream, quilt_tar_padded (size) - at) ||
         fail_stream (error);
}

static gboolean
pack_file (Pack *p, int path_fd, dev_t device, const struct stat *st, GError **error)
{
  const char *earlier = NULL;
  g_autofd int fd = -1;
  char number[16];

  if (st->st_nlink > 1)
    find_link (p, st, &earlier);
  if (earlier)
    return write_header (p, QUILT_TAR_HARDLINK, st, -1, g_strdup (earlier), error);
  g_snprintf (number, sizeof number, "%d", path_fd);
  fd = openat (p->settings->proc_fd, number, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return fail_or_skip (p, errno, error);
  if (st->st_dev != device && quilt_tar_is_of_kernel (fd))
    return leave_out (p, QUILT_TAR_LEFT_KERNEL, "it is in a file system of the kernel", error);
  return write_header (p, QUILT_TAR_FILE, st, fd, NULL, error) &&
         write_data (p, fd, (guint64)st->st_size, error);
}

static gboolean
pack_symlink (Pack *p, int fd, const struct stat *st, GError **error)
{
  char target[PATH_MAX];
  ssize_t n = readlinkat (fd, "", target, sizeof target);

  if (n < 0)
    return fail (p, errno, error);
  return write_header (p, QUILT_TAR_SYMLINK, st, -1, g_strndup (target, (gsize)n), error);
}

static gboolean
pack_children (Pack *p, DIR *dir, dev_t device, GError **error)
{
  const gsize length = p->path->len;
  struct dirent *entry;

  p->depth++;
  while ((errno = 0, entry = readdir (dir))) {
    if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0 ||
        (p->depth == 1 && g_strcmp0 (entry->d_name, p->settings->left_out) == 0))
      continue;
    if (length > 0)
      g_string_append_c (p->path, '/');
    g_string_append (p->path, entry->d_name);
    if (!pack_at (p, dirfd (dir), device, entry->d_name, error))
      return FALSE;
    g_string_truncate (p->path, length);
  }
  p->depth--;
  return errno == 0 || fail (p, errno, error);
}

static gboolean
pack_directory (Pack *p, int path_fd, dev_t device, const struct stat *st, GError **error)
{
  g_autofd int fd = openat (path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const gboolean is_of_kernel = fd >= 0 && st->st_dev != device && quilt_tar_is_of_kernel (fd);
  gboolean ok;
  DIR *dir;

  if (fd < 0)
    return fail_or_skip (p, errno, error);
  if (p->depth >= DEPTH_MAX)
    return refuse (p, "it is deeper than 256 directories", error);
  if (is_of_kernel && p->depth == 0)
    return refuse (p, "it is in a file system of the kernel", error);
  if (!write_header (p, QUILT_TAR_DIRECTORY, st, fd, NULL, error))
    return FALSE;
  if (is_of_kernel)
    return leave_out (p, QUILT_TAR_LEFT_KERNEL, "", error);
  dir = fdopendir (fd);
  if (!dir)
    return fail (p, errno, error);
  g_steal_fd (&fd);
  ok = pack_children (p, dir, st->st_dev, error);
  closedir (dir);
  return ok;
}

static gboolean
pack_by_type (Pack *p, int fd, dev_t device, const struct stat *st, GError **error)
{
  switch (st->st_mode & S_IFMT) {
  case S_IFDIR:
    return pack_directory (p, fd, device, st, error);
  case S_IFREG:
    return pack_file (p, fd, device, st, error);
  case S_IFLNK:
    return pack_symlink (p, fd, st, error);
  case S_IFIFO:
    return write_header (p, QUILT_TAR_FIFO, st, -1, NULL, error);
  case S_IFCHR:
    return write_header (p, QUILT_TAR_CHAR, st, -1, NULL, error);
  case S_IFBLK:
    return write_header (p, QUILT_TAR_BLOCK_DEVICE, st, -1, NULL, error);
  default:
    return leave_out (p, QUILT_TAR_LEFT_SOCKET, "it is a socket", error);
  }
}

/* device is that of the directory, or 0 for the top. */
static gboolean
pack_at (Pack *p, int dir_fd, dev_t device, const char *name, GError **error)
{
  g_autofd int fd = openat (dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) < 0)
    return fail_or_skip (p, errno, error);
  return pack_by_type (p, fd, device, &st, error);
}

gboolean
quilt_tar_pack (QuiltTarStream *stream,
                int dir_fd,
                const char *name,
                const char *as,
                const QuiltPackSettings *settings,
                QuiltTarReport *report,
                GError **error)
{
  g_autoptr (GString) path = g_string_new (as);
  g_autoptr (GHashTable) links = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GByteArray) header = g_byte_array_new ();
  Pack p = {stream, settings, report, path, links, 0, header, 0};
  struct stat st;

  if (!*as && fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR (st.st_mode))
    return refuse (&p, "it is not a directory", error);
  return pack_at (&p, dir_fd, 0, name, error);
}

char *
quilt_tar_base_name (const char *path)
{
  gsize end = strlen (path), start;

  while (end > 0 && path[end - 1] == '/')
    end--;
  for (start = end; start > 0 && path[start - 1] != '/';)
    start--;
  if (end - start == strspn (path + start, ".") && end - start <= 2)
    return g_strdup ("");
  return g_strndup (path + start, end - start);
}

gboolean
quilt_tar_pack_end (QuiltTarStream *stream, GError **error)
{
  return (quilt_tar_stream_write_zeros (stream, 2 * QUILT_TAR_BLOCK) &&
          quilt_tar_stream_flush (stream)) ||
         fail_stream (error);
}
