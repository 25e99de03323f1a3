/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies one file of a container into a layer. */
#include "transfer/commit-file.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "tar/entry.h"
#include "tar/extents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)
#define XATTR_BYTES_MAX (64 * 1024)

gboolean
quilt_commit_file_init (
    QuiltCommitFile *self, int proc_fd, int fd, QuiltControl *control, GError **error)
{
  self->proc_fd = proc_fd;
  self->control = control;
  self->space = (QuiltSpace){.fd = fd};
  self->flush = quilt_flush_new ();
  self->hash = quilt_hash_new (error);
  self->header = g_byte_array_new ();
  self->buffer = g_malloc (BUFFER_SIZE);
  return self->hash != NULL;
}

void
quilt_commit_file_clear (QuiltCommitFile *self)
{
  g_clear_pointer (&self->flush, quilt_flush_free);
  g_clear_pointer (&self->hash, quilt_hash_free);
  g_clear_pointer (&self->header, g_byte_array_unref);
  g_clear_pointer (&self->buffer, g_free);
}

gboolean
quilt_commit_file_count (QuiltCommitFile *self, guint64 bytes, GError **error)
{
  self->stored += bytes;
  if (self->max_stored == 0)
    return TRUE;
  quilt_control_set_consumed (self->control, self->stored);
  if (self->stored <= self->max_stored)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
               "The files take more than %" G_GUINT64_FORMAT
               " bytes, the space that SetupCacheMaxBytes= in quiltd.conf leaves",
               self->max_stored);
  return FALSE;
}

void
quilt_commit_file_add_header (QuiltCommitFile *self, const QuiltTarMember *member)
{
  g_byte_array_set_size (self->header, 0);
  quilt_tar_encode (member, self->header);
  quilt_hash_update (self->hash, self->header->data, self->header->len);
  /* Attributes take space too. The next call sees whether the limit was passed. */
  quilt_commit_file_count (self, self->header->len, NULL);
}

char *
quilt_commit_file_get_digest (QuiltCommitFile *self)
{
  const guint8 end[2 * QUILT_TAR_BLOCK] = {0};

  quilt_hash_update (self->hash, end, sizeof end);
  return quilt_hash_digest (self->hash);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* Access control lists have the ids that are seen inside, as owners have. */
static gboolean
is_kept (const char *name)
{
  return quilt_entry_keeps_xattr (name) || strcmp (name, "system.posix_acl_access") == 0 ||
         strcmp (name, "system.posix_acl_default") == 0;
}

/* The digest must not depend on the order that the file system chooses. */
gboolean
quilt_commit_file_read_xattrs (int fd, QuiltTarMember *member)
{
  g_autofree char *list = g_malloc (XATTR_BYTES_MAX);
  g_autofree char *value = g_malloc (XATTR_BYTES_MAX);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const ssize_t length = flistxattr (fd, list, XATTR_BYTES_MAX);

  if (length < 0)
    return errno == EOPNOTSUPP;
  for (ssize_t at = 0; at < length; at += (ssize_t)strlen (list + at) + 1)
    if (is_kept (list + at))
      g_ptr_array_add (names, list + at);
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    const ssize_t n = fgetxattr (fd, names->pdata[i], value, XATTR_BYTES_MAX);

    if (n < 0 && errno != ENODATA)
      return FALSE;
    if (n >= 0)
      quilt_tar_member_add_xattr (member, names->pdata[i], value, (gsize)n);
  }
  return TRUE;
}

gboolean
quilt_commit_file_set_meta (int fd, const QuiltTarMember *member)
{
  /* A change of the owner clears setuid, setgid and capabilities. */
  if (fchown (fd, (uid_t)member->uid, (gid_t)member->gid) < 0 || fchmod (fd, member->mode) < 0)
    return FALSE;
  for (guint i = 0; member->xattrs && i < member->xattrs->len; i++) {
    const QuiltTarXattr *xattr = member->xattrs->pdata[i];
    gsize size;
    gconstpointer value = g_bytes_get_data (xattr->value, &size);

    if (fsetxattr (fd, xattr->name, value, size, 0) < 0)
      return FALSE;
  }
  return TRUE;
}

/* Adds zeros to the digest. A file may be a hole of many gigabytes. */
static gboolean
add_zeros (QuiltCommitFile *self, guint64 length)
{
  memset (self->buffer, 0, (gsize)MIN (length, BUFFER_SIZE));
  while (length > 0 && !quilt_control_is_cancelled (self->control)) {
    const gsize n = (gsize)MIN (length, BUFFER_SIZE);

    quilt_hash_update (self->hash, self->buffer, n);
    length -= n;
  }
  return length == 0 || (errno = ECANCELED, FALSE);
}

/* Copies from `at` to `end`. Stops where the file ends: *at is that place. */
static gboolean
copy_data (QuiltCommitFile *self, int from, int to, guint64 *at, guint64 end, GError **error)
{
  while (*at < end) {
    const gsize room = (gsize)MIN (end - *at, BUFFER_SIZE);
    const ssize_t n = pread (from, self->buffer, room, (off_t)*at);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0;
    if (quilt_control_is_cancelled (self->control))
      return errno = ECANCELED, FALSE;
    if (!quilt_space_use (&self->space, (guint64)n, 0, error) ||
        !quilt_commit_file_count (self, (guint64)n, error))
      return FALSE;
    /* The position is at *at: holes were skipped by lseek(). */
    if (!quilt_fd_write_all (to, self->buffer, (gsize)n))
      return FALSE;
    quilt_hash_update (self->hash, self->buffer, (gsize)n);
    *at += (guint64)n;
    self->copied += (guint64)n;
    if (self->max_stored == 0)
      quilt_control_set_consumed (self->control, self->copied);
  }
  return TRUE;
}

/* Copies from `at` to `end`, without the holes. Returns FALSE with errno set, or with an error. */
static gboolean
copy_part (QuiltCommitFile *self, int from, int to, guint64 at, guint64 end, GError **error)
{
  QuiltExtent data;

  while (at < end) {
    if (!quilt_extent_find (from, at, end, &data) || !add_zeros (self, data.start - at))
      return FALSE;
    at = data.start;
    if (lseek (to, (off_t)at, SEEK_SET) < 0 || !copy_data (self, from, to, &at, data.end, error))
      return FALSE;
    if (at < data.end) /* it has shrunk */
      return add_zeros (self, end - at);
  }
  return TRUE;
}

/* The holes are in the digest as numbers. */
static gboolean
copy_sparse (QuiltCommitFile *self,
             int from,
             int to,
             const GArray *extents,
             const QuiltTarMember *member,
             GError **error)
{
  g_autoptr (GByteArray) map = quilt_extents_encode (extents);
  QuiltTarMember sparse = *member; /* borrows the texts */
  gboolean ok = TRUE;

  sparse.sparse_size = member->size;
  sparse.size = (gint64)(map->len + quilt_extents_sum (extents));
  quilt_commit_file_add_header (self, &sparse);
  quilt_hash_update (self->hash, map->data, map->len);
  for (guint i = 0; ok && i < extents->len; i++) {
    const QuiltExtent *part = &g_array_index (extents, QuiltExtent, i);

    ok = copy_part (self, from, to, part->start, part->end, error);
  }
  return ok && add_zeros (self, quilt_tar_padded ((guint64)sparse.size) - (guint64)sparse.size);
}

static gboolean
copy_whole (QuiltCommitFile *self, int from, int to, const QuiltTarMember *member, GError **error)
{
  const guint64 size = (guint64)member->size;

  quilt_commit_file_add_header (self, member);
  return copy_part (self, from, to, 0, size, error) &&
         add_zeros (self, quilt_tar_padded (size) - size);
}

/* Returns FALSE with errno set, or with an error. */
static gboolean
copy_file (QuiltCommitFile *self, int from, int to, QuiltTarMember *member, GError **error)
{
  const struct timespec times[] = {member->mtime, member->mtime};
  g_autoptr (GArray) extents = quilt_extents_find (from, (guint64)member->size);
  gboolean ok = extents && quilt_commit_file_read_xattrs (from, member);

  if (ok && quilt_extents_are_sparse (extents, (guint64)member->size))
    ok = copy_sparse (self, from, to, extents, member, error);
  else if (ok)
    ok = copy_whole (self, from, to, member, error);
  return ok && ftruncate (to, (off_t)member->size) == 0 &&
         quilt_commit_file_set_meta (to, member) && futimens (to, times) == 0;
}

/* With overlayfs's metacopy=on, only the attributes were copied. */
static gboolean
has_content (int fd)
{
  return fgetxattr (fd, "trusted.overlay.metacopy", NULL, 0) < 0;
}

gboolean
quilt_commit_file_copy (QuiltCommitFile *self,
                        int path_fd,
                        int dir_fd,
                        const char *name,
                        QuiltTarMember *member,
                        const char *path,
                        GError **error)
{
  g_autofree char *quoted = quilt_text_quote (path);
  g_autoptr (GError) why = NULL;
  g_autofd int from = -1, to = -1;
  char number[16];

  g_snprintf (number, sizeof number, "%d", path_fd);
  from = openat (self->proc_fd, number, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (from >= 0 && !has_content (from)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to copy '%s': its data is in the image (overlayfs with metacopy=on)",
                 quoted);
    return FALSE;
  }
  if (from >= 0)
    to = openat (dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to >= 0 && copy_file (self, from, to, member, &why)) {
    quilt_flush_close (self->flush, g_steal_fd (&to), (guint64)member->size);
    return TRUE;
  }
  if (why) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  if (errno == ECANCELED) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_CANCELLED, "The copy was cancelled");
    return FALSE;
  }
  return quilt_set_error_errno (error, errno, "Failed to copy '%s'", quoted);
}
