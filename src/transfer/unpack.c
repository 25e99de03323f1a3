/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacks a root file system archive into a tree, within limits. */
#include "transfer/unpack.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "tar/entry.h"
#include "transfer/flush.h"
#include "transfer/input.h"
#include "transfer/kind.h"
#include "transfer/space.h"
#include "transfer/writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTRS_MAX 64
#define XATTR_BYTES_MAX (64 * 1024)
#define TAR_BLOCK 512
#define LEFT_BYTES_MAX (64 * 1024 * 1024)

typedef struct {
  const QuiltUnpackLimits *limits;
  QuiltControl *control;
  QuiltInput *input;
  QuiltWriter *writer;
  QuiltFlush *flush;
  struct archive *archive;
  struct archive_entry *entry;
  char *path; /* of the entry */
  QuiltWriterMeta meta;
  QuiltSpace space;
  QuiltUnpackResult result;
  GHashTable *left; /* paths of entries that were left out; hard links to them are left out too */
  gsize left_bytes;
  guint64 n_seen;
  guint8 start[QUILT_KIND_BYTES]; /* the first bytes of the plain archive */
  gsize n_start;
  const guint8 *block; /* the last block that the parser got */
  gsize block_length;
  guint64 n_given; /* bytes passed to the parser */
} Unpack;

static gboolean
refuse (Unpack *u, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (u->path);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE, "Failed to unpack '%s': %s", quoted,
               why);
  return FALSE;
}

static gboolean
leave_out (Unpack *u, QuiltLeftOutKind kind, GError **error)
{
  u->left_bytes += strlen (u->path) + 1;
  if (u->left_bytes > LEFT_BYTES_MAX) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                         "Failed to unpack the archive: too many of its entries are device nodes, "
                         "sockets or whiteouts, which an image can't have");
    return FALSE;
  }
  g_hash_table_add (u->left, g_strdup (u->path));
  quilt_left_out_add (&u->result.left_out, kind, u->path);
  /* The entry would have replaced an earlier entry of the same name. */
  return quilt_writer_remove (u->writer, u->path, error);
}

static la_ssize_t
on_read (struct archive *archive, void *data, const void **ret_buffer)
{
  Unpack *u = data;

  u->block_length = quilt_input_next (u->input, &u->block);
  if (u->n_given == 0) {
    u->n_start = MIN (u->block_length, sizeof u->start);
    memcpy (u->start, u->block, u->n_start);
  }
  u->n_given += u->block_length;
  *ret_buffer = u->block;
  return (la_ssize_t)u->block_length;
}

/* Names in an archive are bytes. If a name is not in the locale's character set, libarchive warns
 * and returns the bytes unchanged, as we want. Any other warning means that a header was only
 * partly understood. */
static gboolean
check_header (Unpack *u, int r, GError **error)
{
  const char *text = archive_error_string (u->archive);

  if (r == ARCHIVE_OK || (r == ARCHIVE_WARN && text && strstr (text, "can't be converted")))
    return TRUE;
  if (u->n_seen == 0)
    return quilt_kind_set_error (u->start, u->n_start, error);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
               "Failed to unpack the archive: it is damaged or cut off after %" G_GUINT64_FORMAT
               " entries (%s); get it again",
               u->n_seen, text ? text : "no details are known");
  return FALSE;
}

static gboolean
check_limits (Unpack *u, GError **error)
{
  gint64 size = archive_entry_size (u->entry);

  if (++u->n_seen > u->limits->max_entries) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                 "Failed to unpack the archive: it holds more than the %" G_GUINT64_FORMAT
                 " entries allowed",
                 u->limits->max_entries);
    return FALSE;
  }
  if (size < 0)
    return refuse (u, "its size is negative", error);
  /* A hole takes no space here, but does wherever the file is copied to. */
  if ((guint64)size > u->limits->max_bytes - u->result.bytes) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                 "Failed to unpack the archive: its files are larger than the %" G_GUINT64_FORMAT
                 " bytes allowed",
                 u->limits->max_bytes);
    return FALSE;
  }
  return quilt_space_use (&u->space, 0, 1, error);
}

/* Attributes that the file system can't hold are left out and counted. An invalid capability is an
 * error of the archive. */
static gboolean
set_xattr (Unpack *u, int fd, const char *name, const void *value, gsize size, GError **error)
{
  if (fsetxattr (fd, name, value, size, 0) == 0)
    return TRUE;
  if (errno != EOPNOTSUPP && errno != ENOSPC && errno != E2BIG && errno != ERANGE)
    return quilt_writer_set_error (error, errno, u->path);
  quilt_left_out_add (&u->result.left_out, QUILT_LEFT_OUT_XATTR, u->path);
  return TRUE;
}

static gboolean
set_xattrs (Unpack *u, int fd, GError **error)
{
  gsize total = 0;
  int n = archive_entry_xattr_reset (u->entry);
  const char *name;
  const void *value;
  size_t size;

  if (n > XATTRS_MAX)
    return refuse (u, "it has more than 64 extended attributes", error);
  while (archive_entry_xattr_next (u->entry, &name, &value, &size) == ARCHIVE_OK) {
    total += size;
    if (total > XATTR_BYTES_MAX)
      return refuse (u, "its extended attributes are larger than 64 KiB", error);
    if (!name || !quilt_entry_keeps_xattr (name))
      quilt_left_out_add (&u->result.left_out, QUILT_LEFT_OUT_XATTR, u->path);
    else if (!set_xattr (u, fd, name, value, size, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_at (int fd, const guint8 *data, gsize length, gint64 offset)
{
  while (length > 0) {
    ssize_t n = pwrite (fd, data, length, offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    data += n;
    length -= (gsize)n;
    offset += n;
  }
  return TRUE;
}

static gboolean
write_data (Unpack *u, int fd, gint64 size, GError **error)
{
  gint64 end = 0;
  int r = ARCHIVE_EOF;

  while (size > 0) {
    const void *data;
    size_t length;
    la_int64_t offset;

    r = archive_read_data_block (u->archive, &data, &length, &offset);
    if (r != ARCHIVE_OK)
      break;
    if (offset < end || offset > size || length > (guint64)(size - offset))
      return refuse (u, "its data does not match its size", error);
    if (!quilt_space_use (&u->space, length, 0, error))
      return FALSE;
    if (!write_at (fd, data, length, offset))
      return quilt_writer_set_error (error, errno, u->path);
    end = offset + (gint64)length;
  }
  if (r != ARCHIVE_EOF)
    return check_header (u, r, error);
  if (end < size && ftruncate (fd, size) < 0)
    return quilt_writer_set_error (error, errno, u->path);
  return TRUE;
}

static gboolean
unpack_file (Unpack *u, GError **error)
{
  gint64 size = archive_entry_size (u->entry);
  g_autofd int fd = quilt_writer_file (u->writer, u->path, u->meta.mode, error);

  /* Set extended attributes last, since a change of the owner clears capabilities. */
  if (fd < 0 || !write_data (u, fd, size, error) ||
      !quilt_writer_file_done (u->writer, fd, u->path, &u->meta, error) ||
      !set_xattrs (u, fd, error))
    return FALSE;
  u->result.bytes += (guint64)size;
  quilt_flush_close (u->flush, g_steal_fd (&fd), (guint64)size);
  return TRUE;
}

static gboolean
unpack_directory (Unpack *u, GError **error)
{
  int fd = quilt_writer_directory (u->writer, u->path, &u->meta, error);

  return fd >= 0 && set_xattrs (u, fd, error);
}

static gboolean
unpack_symlink (Unpack *u, GError **error)
{
  const char *target = archive_entry_symlink (u->entry);

  if (!target || !*target)
    return refuse (u, "it is a symbolic link with an empty target", error);
  return quilt_writer_symlink (u->writer, u->path, target, &u->meta, error);
}

static gboolean
unpack_fifo (Unpack *u, GError **error)
{
  return quilt_writer_fifo (u->writer, u->path, &u->meta, error);
}

/* Data of a hard link's entry is not written, since it would change the link's target. */
static gboolean
unpack_hardlink (Unpack *u, GError **error)
{
  g_autofree char *target = quilt_entry_path (archive_entry_hardlink (u->entry), error);

  if (!target)
    return FALSE;
  if (g_hash_table_contains (u->left, target))
    return leave_out (u, QUILT_LEFT_OUT_HARD_LINK, error);
  u->result.entries++;
  return quilt_writer_hardlink (u->writer, u->path, target, error);
}

static const struct {
  mode_t type;
  gboolean (*unpack) (Unpack *u, GError **error);
} types[] = {
    {AE_IFREG, unpack_file},
    {AE_IFDIR, unpack_directory},
    {AE_IFLNK, unpack_symlink},
    {AE_IFIFO, unpack_fifo},
};

static gboolean
unpack_by_type (Unpack *u, GError **error)
{
  mode_t type = archive_entry_filetype (u->entry);

  if (archive_entry_hardlink (u->entry))
    return unpack_hardlink (u, error);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (type == types[i].type) {
      u->result.entries += *u->path != '\0'; /* an archive with only the root is empty */
      return types[i].unpack (u, error);
    }
  return leave_out (
      u, type == AE_IFCHR || type == AE_IFBLK ? QUILT_LEFT_OUT_DEVICE : QUILT_LEFT_OUT_SOCKET,
      error);
}

static gboolean
unpack_entry (Unpack *u, GError **error)
{
  gboolean whiteout;

  g_free (u->path);
  u->path = quilt_entry_path (archive_entry_pathname (u->entry), error);
  if (!u->path || !check_limits (u, error) ||
      !quilt_entry_check_owner (u->path, archive_entry_uid (u->entry), archive_entry_gid (u->entry),
                                error) ||
      !quilt_entry_is_whiteout (u->path, &whiteout, error))
    return FALSE;
  if (whiteout) /* a single layer has nothing below it to hide */
    return leave_out (u, QUILT_LEFT_OUT_WHITEOUT, error);
  g_hash_table_remove (u->left, u->path); /* a repeated entry, which may be kept this time */
  if (archive_entry_acl_types (u->entry) != 0)
    quilt_left_out_add (&u->result.left_out, QUILT_LEFT_OUT_ACL, u->path);
  u->meta = (QuiltWriterMeta){
      .mode = archive_entry_perm (u->entry) & 07777,
      .uid = (uid_t)archive_entry_uid (u->entry),
      .gid = (gid_t)archive_entry_gid (u->entry),
      .mtime =
          quilt_entry_time (archive_entry_mtime (u->entry), archive_entry_mtime_nsec (u->entry)),
  };
  return unpack_by_type (u, error);
}

/* If an archive was cut off between two entries, its end mark is missing, and the reader is still
 * at the position where it looked for a header. Some writers omit the mark. A complete compressed
 * stream can't have been cut off. */
static gboolean
check_mark (Unpack *u, gint64 passed, GError **error)
{
  if (passed - archive_read_header_position (u->archive) >= TAR_BLOCK || u->limits->no_end_mark ||
      quilt_input_is_compressed (u->input))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
               "Failed to unpack the archive: it ends after %" G_GUINT64_FORMAT
               " entries without the zeros that mark the end of a tar archive, so the rest may be "
               "cut off; get it again, or if it is whole import it with --no-end-mark",
               u->n_seen);
  return FALSE;
}

static gboolean
is_zero (const guint8 *data, gsize length)
{
  return length == 0 || (data[0] == 0 && memcmp (data, data + 1, length - 1) == 0);
}

/* Reads from the mark to the end of the input, since the digest covers all bytes. Zeros may pad a
 * block, and an index may follow, as pixz writes it. */
static void
read_rest (Unpack *u, gint64 passed)
{
  gsize rest = (gsize)MIN (u->n_given - (guint64)passed, u->block_length);
  const guint8 *data = u->block + u->block_length - rest;
  guint64 length = 0;
  gboolean zeros = TRUE;

  do {
    length += rest;
    zeros = zeros && is_zero (data, rest);
  } while ((rest = quilt_input_next (u->input, &data)) > 0);
  if (!zeros)
    u->result.left_out.counts[QUILT_LEFT_OUT_BEHIND] = length;
}

static gboolean
check_end (Unpack *u, GError **error)
{
  gint64 passed = archive_filter_bytes (u->archive, 0);

  if (u->n_given == 0)
    return quilt_kind_set_error (u->start, 0, error);
  if (!check_mark (u, passed, error))
    return FALSE;
  read_rest (u, passed);
  if (u->result.entries == 0) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                         "Failed to unpack the archive: it holds no files");
    return FALSE;
  }
  return TRUE;
}

static gboolean
unpack_entries (Unpack *u, GError **error)
{
  int r = archive_read_open (u->archive, u, NULL, on_read, NULL);

  while (r != ARCHIVE_EOF) {
    if (r == ARCHIVE_OK)
      r = archive_read_next_header (u->archive, &u->entry);
    if (r == ARCHIVE_EOF)
      break;
    if (!check_header (u, r, error) || !unpack_entry (u, error))
      return FALSE;
    r = ARCHIVE_OK;
  }
  return check_end (u, error) && quilt_writer_finish (u->writer, error);
}

/* If the input ended early or was cancelled, the parser's error is only a consequence, so report
 * the input's error. */
static gboolean
finish_input (Unpack *u, gboolean ok, GError *why, GError **error)
{
  g_autoptr (GError) input_error = NULL;
  gboolean cancelled = quilt_control_is_cancelled (u->control);
  gboolean input_ok = quilt_input_finish (u->input, &u->result.digest, &input_error);

  if (!input_ok && (cancelled || why == NULL ||
                    !g_error_matches (input_error, QUILT_ERROR, QUILT_ERROR_CANCELLED))) {
    g_propagate_error (error, g_steal_pointer (&input_error));
    g_clear_error (&why);
    return FALSE;
  }
  if (!ok)
    g_propagate_error (error, why);
  return ok;
}

gboolean
quilt_unpack (int archive_fd,
              int root_fd,
              const QuiltUnpackLimits *limits,
              QuiltControl *control,
              QuiltUnpackResult *ret_result,
              GError **error)
{
  g_autoptr (QuiltInput) input = quilt_input_new (archive_fd, limits->max_bytes, control, error);
  g_autoptr (QuiltWriter) writer = quilt_writer_new (root_fd);
  g_autoptr (QuiltFlush) flush = quilt_flush_new ();
  GError *why = NULL;
  Unpack u = {
      .limits = limits,
      .control = control,
      .input = input,
      .writer = writer,
      .flush = flush,
      .space = {.fd = root_fd},
      .left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  gboolean ok;

  if (!input) {
    g_hash_table_unref (u.left);
    return FALSE;
  }
  u.archive = archive_read_new ();
  archive_read_support_format_tar (u.archive);
  ok = unpack_entries (&u, &why) && quilt_kind_check_tree (root_fd, &why);
  archive_read_free (u.archive);
  g_hash_table_unref (u.left);
  g_free (u.path);
  if (!finish_input (&u, ok, why, error)) {
    g_free (u.result.digest);
    quilt_left_out_clear (&u.result.left_out);
    return FALSE;
  }
  *ret_result = u.result;
  return TRUE;
}
