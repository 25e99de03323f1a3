/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recognizes files that are not root file system archives. */
#include "transfer/kind.h"

#include "base/error.h"
#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
  gsize offset;
  const char *magic;
  gsize length;
  const char *name;
} kinds[] = {
#define KIND(offset, magic, name)                                                                  \
  {                                                                                                \
    offset, magic, sizeof magic - 1, name                                                          \
  }
    KIND (257, "ustar", "a tar archive with a damaged first header"),
    KIND (0, "PK\003\004", "a zip archive"),
    KIND (0, "PK\005\006", "an empty zip archive"),
    KIND (0, "7z\274\257\047\034", "a 7z archive"),
    KIND (0, "Rar!\032\007", "a rar archive"),
    KIND (0, "\177ELF", "an ELF program"),
    KIND (0, "!<arch>\n", "an ar archive or Debian package"),
    KIND (0, "\355\253\356\333", "an RPM package"),
    KIND (0, "07070", "a cpio archive"),
    KIND (0, "hsqs", "a squashfs image"),
    KIND (0, "QFI\373", "a qcow2 disk image"),
    KIND (510, "\125\252", "a disk image"),
    KIND (0, "\004\042\115\030", "compressed by lz4"),
    KIND (0, "\037\235", "compressed by compress"),
    KIND (0, "LZIP", "compressed by lzip"),
    KIND (0, "#!", "a script"),
    KIND (0, "{", "JSON text"),
    KIND (0, "\037\213", "compressed more than once"),
    KIND (0,
          "\375"
          "7zXZ",
          "compressed more than once"),
    KIND (0, "\050\265\057\375", "compressed more than once"),
    KIND (0, "BZh", "compressed more than once"),
#undef KIND
};

static gboolean
is_text (const guint8 *start, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isprint (start[i]) && !g_ascii_isspace (start[i]) && start[i] < 0x80)
      return FALSE;
  return TRUE;
}

static const char *
name_kind (const guint8 *start, gsize length)
{
  if (length == 0)
    return "empty";
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].offset + kinds[i].length <= length &&
        memcmp (start + kinds[i].offset, kinds[i].magic, kinds[i].length) == 0)
      return kinds[i].name;
  return is_text (start, length) ? "text" : "not a tar archive";
}

gboolean
quilt_kind_set_error (const guint8 *start, gsize length, GError **error)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
               "Failed to unpack the archive: it is %s; give a tar archive of a root file system, "
               "plain or compressed by gzip, xz, zstd or bzip2",
               name_kind (start, length));
  return FALSE;
}

static gboolean
has_file (int root_fd, const char *name)
{
  struct stat st;

  return fstatat (root_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode);
}

gboolean
quilt_kind_check_tree (int root_fd, GError **error)
{
  if (!(has_file (root_fd, "oci-layout") && has_file (root_fd, "index.json")) &&
      !(has_file (root_fd, "manifest.json") && has_file (root_fd, "repositories")))
    return TRUE;
  g_set_error_literal (
      error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
      "Failed to unpack the archive: it is an image in OCI's or docker's layout; give a tar "
      "archive "
      "of a root file system, as 'podman export' or 'docker export' make it of a container");
  return FALSE;
}

static gboolean
is_directory (int dir_fd, const char *name)
{
  struct stat st;

  return fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (st.st_mode);
}

/* The name of the only entry of a directory; NULL if there are none or several. */
static char *
only_entry (int dir_fd)
{
  g_autofd int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  g_autofree char *name = NULL;
  struct dirent *entry;
  guint n = 0;

  if (!dir)
    return NULL;
  g_steal_fd (&fd);
  while (n < 2 && (entry = readdir (dir)))
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0 && n++ == 0)
      name = g_strdup (entry->d_name);
  closedir (dir);
  return n == 1 ? g_steal_pointer (&name) : NULL;
}

gboolean
quilt_kind_is_nested (int root_fd)
{
  static const char *const signs[] = {"bin", "etc", "usr"};
  g_autofree char *name = only_entry (root_fd);
  g_autofd int fd = -1;

  /* A root may consist of /usr alone, which also has directories of these names. */
  if (!name || strcmp (name, "usr") == 0)
    return FALSE;
  fd = openat (root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  for (gsize i = 0; fd >= 0 && i < G_N_ELEMENTS (signs); i++)
    if (is_directory (fd, signs[i]))
      return TRUE;
  return FALSE;
}
