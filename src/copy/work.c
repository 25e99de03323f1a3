/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copy itself. */
#include "copy/work.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "copy/target.h"
#include "spec/provide.h"
#include "tar/entry.h"
#include "tar/pack.h"
#include "tar/unpack.h"

#include <fcntl.h>

static gboolean
refuse (const QuiltCopyWork *work, QuiltError code, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (work->request->path);

  g_set_error (error, QUILT_ERROR, code, "Failed to copy to '%s' in the container: %s", quoted,
               why);
  return FALSE;
}

static gboolean
pack (const QuiltCopyWork *work, QuiltTarReport *report, GError **error)
{
  const QuiltPackSettings settings = {.proc_fd = work->proc_fd, .xattrs = TRUE};
  g_autofree char *base = quilt_tar_base_name (work->request->path);
  g_auto (QuiltCopyTarget) source = {.parent_fd = -1};

  if (!quilt_copy_target_find (work->root_fd, work->request->path, &source, error))
    return FALSE;
  if (!source.exists)
    return quilt_copy_target_set_missing (work->request->path, error);
  return quilt_tar_pack (work->stream, source.parent_fd, source.name, base, &settings, report,
                         error) &&
         quilt_tar_pack_end (work->stream, error);
}

static gboolean
export_all (const QuiltCopyWork *work, QuiltTarReport *report, GError **error)
{
  const QuiltPackSettings settings = {
      .proc_fd = work->proc_fd,
      .left_out = work->request->is_provided ? QUILT_PROVIDE_DIRECTORY : NULL,
      .xattrs = TRUE,
  };

  return quilt_tar_pack (work->stream, work->root_fd, ".", "", &settings, report, error) &&
         quilt_tar_pack_end (work->stream, error);
}

/* Decides where the stream goes, which depends on its first member and on what is there. */
static gboolean
choose_place (const QuiltCopyWork *work,
              const QuiltCopyTarget *target,
              const QuiltTarMember *first,
              QuiltUnpackPlace *ret_place,
              GError **error)
{
  const gboolean is_directory = first->type == QUILT_TAR_DIRECTORY;
  g_autofree char *name = quilt_entry_path (first->path, error);

  if (!name)
    return FALSE;
  *ret_place = (QuiltUnpackPlace){.dir_fd = target->parent_fd};
  if (!target->is_directory) {
    if (work->request->extract)
      return refuse (work, target->exists ? QUILT_ERROR_INVALID_ARGUMENT : QUILT_ERROR_NOT_FOUND,
                     "an archive needs an existing directory", error);
    if (target->exists && is_directory)
      return refuse (work, QUILT_ERROR_INVALID_ARGUMENT, "a directory can't be copied over a file",
                     error);
    if (target->must_be_directory && !is_directory)
      return refuse (work, QUILT_ERROR_NOT_FOUND, "there is no such directory", error);
    ret_place->top = target->name;
    ret_place->strip = *name ? 1 : 0;
  }
  return TRUE;
}

static int
open_directory (const QuiltCopyTarget *target)
{
  return openat (target->parent_fd, target->is_directory ? target->name : ".",
                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static gboolean
unpack (const QuiltCopyWork *work, QuiltTarReport *report, GError **error)
{
  const QuiltUnpackSettings settings = {
      .keeps_owner = work->request->keeps_owner,
      .uid = work->uid,
      .gid = work->gid,
      .mode_mask = 07777,
      .xattrs = work->request->keeps_owner,
      .overwrite = work->request->overwrite,
  };
  g_auto (QuiltCopyTarget) target = {.parent_fd = -1};
  g_auto (QuiltTarReader) reader = QUILT_TAR_READER_INIT (work->stream);
  g_autofd int fd = -1;
  QuiltUnpackPlace place;
  int r;

  if (!quilt_copy_target_find (work->root_fd, work->request->path, &target, error))
    return FALSE;
  fd = open_directory (&target);
  if (fd < 0)
    return refuse (work, QUILT_ERROR_BUSY, "its directory is gone", error);
  if (quilt_tar_is_of_kernel (fd))
    return refuse (work, QUILT_ERROR_INVALID_ARGUMENT, "it is in a file system of the kernel",
                   error);
  r = quilt_tar_reader_next (&reader, error);
  if (r <= 0)
    return r == 0; /* an archive without files */
  if (!choose_place (work, &target, &reader.member, &place, error))
    return FALSE;
  place.dir_fd = fd;
  return quilt_tar_unpack (&reader, &place, &settings, report, error);
}

gboolean
quilt_copy_work (const QuiltCopyWork *work, QuiltTarReport *report, GError **error)
{
  switch (work->request->operation) {
  case QUILT_COPY_TO:
    return unpack (work, report, error);
  case QUILT_COPY_EXPORT:
    return export_all (work, report, error);
  default:
    return pack (work, report, error);
  }
}
