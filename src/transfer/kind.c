/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody gave us instead of a root file system archive, in words. */
#include "transfer/kind.h"

#include "base/error.h"

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
  return is_text (start, length) ? "text" : "no tar archive";
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
