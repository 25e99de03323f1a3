/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes what an untrusted tar stream says below a directory. */
#include "tar/unpack.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "tar/entry.h"
#include "tar/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Shorter runs of zeros are written, since a hole saves nothing there. */
#define HOLE_MIN 4096

typedef struct {
  QuiltTarReader *reader;
  const QuiltUnpackPlace *place;
  const QuiltUnpackSettings *settings;
  QuiltTarReport *report;
  QuiltMaker *maker;
} Unpack;

static gboolean
refuse (const char *name, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (name);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE, "Failed to unpack '%s': %s", quoted,
               why);
  return FALSE;
}

/* The place of a member's name below the directory; "" is the directory itself. */
static char *
find_place (const Unpack *u, const char *name, GError **error)
{
  g_autofree char *path = quilt_entry_path (name, error);
  const char *rest = path, *slash;

  if (!path)
    return NULL;
  for (guint i = 0; i < u->place->strip; i++) {
    slash = strchr (rest, '/');
    rest = slash ? slash + 1 : "";
  }
  if (!u->place->top)
    return g_strdup (rest);
  return *rest ? g_strconcat (u->place->top, "/", rest, NULL) : g_strdup (u->place->top);
}

static gboolean
set_meta (const Unpack *u, QuiltMakerMeta *ret_meta, GError **error)
{
  const QuiltTarMember *member = &u->reader->member;
  const QuiltUnpackSettings *settings = u->settings;

  if (settings->keeps_owner &&
      !quilt_entry_check_owner (member->path, member->uid, member->gid, error))
    return FALSE;
  *ret_meta = (QuiltMakerMeta){
      .mode = member->mode & settings->mode_mask,
      .uid = settings->keeps_owner ? (uid_t)member->uid : settings->uid,
      .gid = settings->keeps_owner ? (gid_t)member->gid : settings->gid,
      .mtime = quilt_entry_time (member->mtime.tv_sec, member->mtime.tv_nsec),
  };
  return TRUE;
}

static gboolean
is_zero (const guint8 *data, gsize length)
{
  return data[0] == 0 && memcmp (data, data + 1, length - 1) == 0;
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

/* Long runs of zeros become holes: a container may have files of exabytes that are one hole. */
static gboolean
write_data (Unpack *u, int fd, const char *path, GError **error)
{
  const guint8 *data;
  gint64 end = 0, written = 0;
  gssize n;

  while ((n = quilt_tar_reader_data (u->reader, &data, error)) > 0) {
    if (n < HOLE_MIN || !is_zero (data, (gsize)n)) {
      if (!write_at (fd, data, (gsize)n, end))
        return quilt_maker_set_error (error, errno, path);
      written = end + n;
    }
    end += n;
  }
  if (n < 0)
    return FALSE;
  return written == end || ftruncate (fd, end) == 0 || quilt_maker_set_error (error, errno, path);
}

/* Attributes that the file system can't hold are left out. */
static gboolean
set_xattrs (const Unpack *u, int fd, const char *path, GError **error)
{
  const GPtrArray *xattrs = u->settings->xattrs ? u->reader->member.xattrs : NULL;

  for (guint i = 0; xattrs && i < xattrs->len; i++) {
    const QuiltTarXattr *xattr = xattrs->pdata[i];
    gsize size;
    gconstpointer value = g_bytes_get_data (xattr->value, &size);

    if (quilt_entry_keeps_xattr (xattr->name) && fsetxattr (fd, xattr->name, value, size, 0) < 0 &&
        errno != EOPNOTSUPP && errno != ENOSPC && errno != E2BIG && errno != ERANGE &&
        errno != EPERM)
      return quilt_maker_set_error (error, errno, path);
  }
  return TRUE;
}

static gboolean
unpack_file (Unpack *u, const char *path, const QuiltMakerMeta *meta, GError **error)
{
  QuiltMakerFile file = QUILT_MAKER_FILE_NONE;
  gboolean ok;

  if (!quilt_maker_file (u->maker, path, &file, error))
    return FALSE;
  /* Attributes come after the owner, since a change of the owner clears capabilities. */
  ok = write_data (u, file.fd, path, error) && quilt_maker_set_meta (file.fd, path, meta, error) &&
       set_xattrs (u, file.fd, path, error);
  return quilt_maker_file_done (u->maker, &file, path, ok, error) && ok;
}

static gboolean
unpack_directory (Unpack *u, const char *path, const QuiltMakerMeta *meta, GError **error)
{
  g_autofd int fd = -1;

  if (!*path)
    return TRUE;
  if (!quilt_maker_directory (u->maker, path, meta, &fd, error))
    return FALSE;
  return fd < 0 || set_xattrs (u, fd, path, error);
}

static gboolean
unpack_hardlink (Unpack *u, const char *path, GError **error)
{
  g_autofree char *target = find_place (u, u->reader->member.target, error);

  return target && quilt_maker_hardlink (u->maker, path, target, error);
}

static gboolean
unpack_symlink (Unpack *u, const char *path, const QuiltMakerMeta *meta, GError **error)
{
  const char *target = u->reader->member.target;

  if (!*target)
    return refuse (path, "it is a symbolic link with an empty target", error);
  return quilt_maker_symlink (u->maker, path, target, meta, error);
}

static gboolean
leave_out (Unpack *u, const char *path, GError **error)
{
  u->report->left[QUILT_TAR_LEFT_DEVICE]++;
  if (u->reader->n_members > 1)
    return TRUE;
  return refuse (path, "it is a device node, which is not copied", error);
}

static gboolean
unpack_member (Unpack *u, GError **error)
{
  const QuiltTarMember *member = &u->reader->member;
  g_autofree char *path = find_place (u, member->path, error);
  QuiltMakerMeta meta;

  if (!path || !set_meta (u, &meta, error))
    return FALSE;
  if (member->type == QUILT_TAR_CHAR || member->type == QUILT_TAR_BLOCK_DEVICE)
    return leave_out (u, path, error);
  if (!*path && member->type != QUILT_TAR_DIRECTORY)
    return refuse (member->path, "it would replace the directory itself", error);
  u->report->entries++;
  switch (member->type) {
  case QUILT_TAR_DIRECTORY:
    return unpack_directory (u, path, &meta, error);
  case QUILT_TAR_SYMLINK:
    return unpack_symlink (u, path, &meta, error);
  case QUILT_TAR_HARDLINK:
    return unpack_hardlink (u, path, error);
  case QUILT_TAR_FIFO:
    return quilt_maker_fifo (u->maker, path, &meta, error);
  default:
    return unpack_file (u, path, &meta, error);
  }
}

gboolean
quilt_tar_unpack (QuiltTarReader *reader,
                  const QuiltUnpackPlace *place,
                  const QuiltUnpackSettings *settings,
                  QuiltTarReport *report,
                  GError **error)
{
  g_autoptr (QuiltMaker) maker =
      quilt_maker_new (place->dir_fd, settings->overwrite, settings->uid, settings->gid);
  Unpack u = {reader, place, settings, report, maker};
  const mode_t mask = umask (0); /* for FIFOs, whose mode can't be set later without a race */
  int r = 1;

  while (r > 0)
    r = unpack_member (&u, error) ? quilt_tar_reader_next (reader, error) : -1;
  /* Also after an error: the directories that were made are complete then. */
  if (!quilt_maker_finish (maker, r < 0 ? NULL : error) && r == 0)
    r = -1;
  umask (mask);
  return r == 0;
}
