/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps space free on the store's file system, which the host and all containers share, whatever an
 * archive contains. */
#include "transfer/space.h"

#include "base/error.h"

#include <errno.h>
#include <sys/statvfs.h>

#define CHECK_BYTES (64 * 1024 * 1024)
#define CHECK_FILES 8192
#define RESERVE_MAX ((guint64)1024 * 1024 * 1024)

gboolean
quilt_space_use (QuiltSpace *space, guint64 bytes, guint64 files, GError **error)
{
  struct statvfs st;
  guint64 reserve;

  space->unchecked_bytes += bytes;
  space->unchecked_files += files;
  if (space->unchecked_bytes < CHECK_BYTES && space->unchecked_files < CHECK_FILES)
    return TRUE;
  space->unchecked_bytes = space->unchecked_files = 0;
  if (fstatvfs (space->fd, &st) < 0)
    return quilt_set_error_errno (error, errno, "Failed to examine the file system of the store");
  reserve = MIN ((guint64)st.f_blocks * st.f_frsize / 20, RESERVE_MAX);
  /* f_files is 0 if the file system does not count inodes (btrfs). */
  if ((guint64)st.f_bavail * st.f_frsize >= reserve && st.f_favail >= st.f_files / 20)
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_NO_SPACE,
                       "The file system of the store is nearly full; "
                       "remove images or containers");
  return FALSE;
}
