/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The side of a copy that is on the host. */
#include "ctl/copy/host.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "tar/entry.h"
#include "tar/pack.h"
#include "tar/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No container can leave setuid programs on the host. */
#define MODES 01777

static gboolean
fail (const char *path, int errsv, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (path);

  if (errsv != ENOENT)
    return quilt_set_error_errno (error, errsv, "Failed to open '%s'", quoted);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "Failed to open '%s': %s", quoted,
               g_strerror (errsv));
  return FALSE;
}

static gboolean
refuse (const char *path, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (path);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to copy to '%s': %s",
               quoted, why);
  return FALSE;
}

/* Opens the directory of a path without links, and returns the last component. */
static int
open_parent (const char *path, char **ret_name, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  int fd = open (parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    fail (parent, errno, error);
  else
    *ret_name = strcmp (path, "/") == 0 ? g_strdup (".") : g_path_get_basename (path);
  return fd;
}

static char *
find_real_path (const char *path, GError **error)
{
  char *real = realpath (path, NULL); /* by malloc(3), as GLib allocates */

  if (!real)
    fail (path, errno, error);
  return real;
}

gboolean
quilt_host_pack (QuiltTarStream *stream,
                 const char *path,
                 const QuiltHostSettings *settings,
                 QuiltTarReport *report,
                 GError **error)
{
  g_autofree char *real = find_real_path (path, error);
  g_autofree char *base = quilt_tar_base_name (path);
  g_autofree char *name = NULL;
  g_autofd int fd = real ? open_parent (real, &name, error) : -1;
  g_autofd int proc_fd = open ("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const QuiltPackSettings pack = {.proc_fd = proc_fd, .xattrs = settings->keeps_owner};

  if (fd < 0)
    return FALSE;
  return quilt_tar_pack (stream, fd, name, base, &pack, report, error) &&
         quilt_tar_pack_end (stream, error);
}

/* Sets the place for a path that is not a directory. */
static int
choose_name (
    const char *path, gboolean exists, const QuiltTarMember *first, char **ret_name, GError **error)
{
  const gboolean is_directory = first->type == QUILT_TAR_DIRECTORY;
  g_autofree char *real = exists ? find_real_path (path, error) : g_strdup (path);

  if (!real)
    return -1;
  if (exists && is_directory) {
    refuse (path, "a directory can't be copied over a file", error);
    return -1;
  }
  if (!exists && !is_directory && g_str_has_suffix (path, "/")) {
    refuse (path, "there is no such directory", error);
    return -1;
  }
  while (strlen (real) > 1 && g_str_has_suffix (real, "/"))
    real[strlen (real) - 1] = '\0';
  return open_parent (real, ret_name, error);
}

static gboolean
choose_place (const char *path,
              const QuiltTarMember *first,
              QuiltUnpackPlace *ret_place,
              char **ret_name,
              GError **error)
{
  g_autofree char *inside = quilt_entry_path (first->path, error);
  struct stat st;
  const gboolean exists = stat (path, &st) == 0;

  if (!inside)
    return FALSE;
  if (!exists && errno != ENOENT)
    return fail (path, errno, error);
  if (exists && !S_ISDIR (st.st_mode) && !S_ISREG (st.st_mode))
    return refuse (path, "it is neither a file nor a directory; '-' writes an archive to stdout",
                   error);
  *ret_place = (QuiltUnpackPlace){.dir_fd = -1};
  if (exists && S_ISDIR (st.st_mode)) {
    ret_place->dir_fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return ret_place->dir_fd >= 0 || fail (path, errno, error);
  }
  ret_place->dir_fd = choose_name (path, exists, first, ret_name, error);
  ret_place->top = *ret_name;
  ret_place->strip = *inside ? 1 : 0;
  return ret_place->dir_fd >= 0;
}

gboolean
quilt_host_unpack (QuiltTarStream *stream,
                   const char *path,
                   const QuiltHostSettings *settings,
                   QuiltTarReport *report,
                   GError **error)
{
  const QuiltUnpackSettings unpack = {
      .keeps_owner = settings->keeps_owner,
      .uid = (uid_t)-1,
      .gid = (gid_t)-1,
      .mode_mask = MODES,
      .overwrite = settings->overwrite,
  };
  g_auto (QuiltTarReader) reader = QUILT_TAR_READER_INIT (stream);
  g_autofree char *name = NULL;
  g_autofd int fd = -1;
  QuiltUnpackPlace place;

  if (quilt_tar_reader_next (&reader, error) <= 0)
    return FALSE;
  if (!choose_place (path, &reader.member, &place, &name, error))
    return FALSE;
  fd = place.dir_fd;
  return quilt_tar_unpack (&reader, &place, &unpack, report, error);
}
