/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One transfer: unpacks an archive into an unfinished layer, or finds that its layer exists. */
#include "transfer/layer.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "store/digest.h"
#include "transfer/kind.h"
#include "transfer/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void
quilt_transfer_result_clear (QuiltTransferResult *result)
{
  g_clear_pointer (&result->digest, g_free);
  g_clear_pointer (&result->temporary, g_free);
  quilt_layer_info_clear (&result->info);
}

gboolean
quilt_transfer_check_input (int archive_fd, guint64 *ret_size, GError **error)
{
  struct stat st;
  off_t at;

  if (fstat (archive_fd, &st) < 0)
    return quilt_set_error_errno (error, errno, "Failed to examine the archive");
  if (!S_ISREG (st.st_mode) && !S_ISFIFO (st.st_mode) && !S_ISSOCK (st.st_mode)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read the archive: it is %s; give a regular file, a pipe or a socket",
                 S_ISDIR (st.st_mode) ? "a directory" : "a device");
    return FALSE;
  }
  at = S_ISREG (st.st_mode) ? lseek (archive_fd, 0, SEEK_CUR) : -1;
  *ret_size = at >= 0 && st.st_size > at ? (guint64)(st.st_size - at) : 0;
  return TRUE;
}

static gboolean
has_layers (int layers_fd)
{
  g_autofd int fd = openat (layers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;
  gboolean found = FALSE;

  if (!dir)
    return FALSE;
  g_steal_fd (&fd);
  while (!found && (entry = readdir (dir)))
    found = quilt_digest_hex_check (entry->d_name);
  closedir (dir);
  return found;
}

gboolean
quilt_transfer_find_layer (int layers_fd, const char *digest, QuiltLayerInfo *ret_info)
{
  const char *hex = quilt_digest_hex (digest);
  QuiltLayerInfo info;

  if (!hex || !quilt_layer_info_read (layers_fd, hex, &info, NULL))
    return FALSE;
  quilt_layer_info_clear (ret_info);
  *ret_info = info;
  return TRUE;
}

/* Hashing costs a tenth of unpacking. The result only decides whether anything has to be done: if
 * the file changes meanwhile, it is unpacked under the digest of the bytes that were unpacked. */
static gboolean
find_layer (int archive_fd,
            int layers_fd,
            QuiltControl *control,
            QuiltTransferResult *result,
            GError **error)
{
  g_autofree char *digest = NULL;

  if (!has_layers (layers_fd))
    return TRUE;
  digest = quilt_source_digest_file (archive_fd, control, error);
  if (!digest)
    return FALSE;
  if (quilt_transfer_find_layer (layers_fd, digest, &result->info))
    result->digest = g_steal_pointer (&digest);
  return TRUE;
}

gboolean
quilt_transfer_make_temporary (
    int layers_fd, const char *name, int *ret_fd, int *ret_fs_fd, GError **error)
{
  g_autofd int fd = -1;
  g_autofd int fs_fd = -1;

  if (mkdirat (layers_fd, name, 0700) < 0)
    return quilt_set_error_errno (error, errno, "Failed to create directory 'layers/%s'", name);
  fd = quilt_dir_open (layers_fd, name, error);
  if (fd >= 0)
    fs_fd = quilt_dir_ensure (fd, "fs", error);
  if (fs_fd >= 0 && fchmod (fs_fd, 0755) < 0) { /* the root's mode, unless the archive sets it */
    quilt_set_error_errno (error, errno, "Failed to set the mode of 'fs'");
    quilt_fd_clear (&fs_fd);
  }
  if (fs_fd < 0) {
    quilt_tree_remove (layers_fd, name, NULL);
    return FALSE;
  }
  *ret_fd = g_steal_fd (&fd);
  *ret_fs_fd = g_steal_fd (&fs_fd);
  return TRUE;
}

static gboolean
fill_temporary (int archive_fd,
                int fd,
                int fs_fd,
                const QuiltUnpackLimits *limits,
                QuiltControl *control,
                QuiltTransferResult *result,
                GError **error)
{
  QuiltUnpackResult unpacked;

  if (!quilt_unpack (archive_fd, fs_fd, limits, control, &unpacked, error))
    return FALSE;
  result->digest = unpacked.digest;
  result->info = (QuiltLayerInfo){
      .size = unpacked.bytes,
      .entries = unpacked.entries,
      .nested = quilt_kind_is_nested (fs_fd),
      .left_out = unpacked.left_out,
  };
  if (!quilt_layer_info_write (fd, &result->info, error))
    return FALSE;
  /* Sync once for everything, instead of once per file. */
  if (syncfs (fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync the layer");
  return TRUE;
}

gboolean
quilt_transfer_run (int archive_fd,
                    int layers_fd,
                    const char *temporary,
                    const QuiltUnpackLimits *limits,
                    QuiltControl *control,
                    QuiltTransferResult *ret_result,
                    GError **error)
{
  QuiltTransferResult result = {0};
  g_autofd int fd = -1;
  g_autofd int fs_fd = -1;
  guint64 size;

  if (!quilt_transfer_check_input (archive_fd, &size, error) ||
      (size > 0 && !find_layer (archive_fd, layers_fd, control, &result, error)))
    return FALSE;
  if (result.digest) {
    *ret_result = result;
    return TRUE;
  }
  if (!quilt_transfer_make_temporary (layers_fd, temporary, &fd, &fs_fd, error))
    return FALSE;
  if (!fill_temporary (archive_fd, fd, fs_fd, limits, control, &result, error)) {
    quilt_tree_remove (layers_fd, temporary, NULL);
    quilt_transfer_result_clear (&result);
    return FALSE;
  }
  if (quilt_transfer_find_layer (layers_fd, result.digest, &result.info))
    quilt_tree_remove (layers_fd, temporary, NULL);
  else
    result.temporary = g_strdup (temporary);
  *ret_result = result;
  return TRUE;
}
