/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a tree below one directory, entry by entry. Earlier entries may have made any links there:
 * a parent is resolved with that directory as the root, and the last component is never
 * followed. */
#pragma once

#include <glib.h>
#include <sys/stat.h>
#include <time.h>

typedef struct _QuiltWriter QuiltWriter;

typedef struct {
  mode_t mode; /* permission bits, 07777 */
  uid_t uid;
  gid_t gid;
  struct timespec mtime;
} QuiltWriterMeta;

/* The caller keeps root_fd, which must outlive the writer. */
QuiltWriter *quilt_writer_new (int root_fd);
void quilt_writer_free (QuiltWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltWriter, quilt_writer_free)

/* Every path must come from quilt_entry_path(). An existing file is replaced, and an existing
 * directory with its content. But a directory over a directory only sets the attributes. Missing
 * parents are made with mode 0755. Errors: BAD_ARCHIVE if the entry is impossible, NO_SPACE,
 * QUOTA_EXCEEDED, FAILED. */

/* Makes a directory; path "" is the root itself. Returns a descriptor for extended attributes,
 * which the writer owns and which is valid until the next call; -1 on error. */
int quilt_writer_directory (QuiltWriter *writer,
                            const char *path,
                            const QuiltWriterMeta *meta,
                            GError **error);

/* Makes a regular file and opens it for writing. quilt_writer_file_done() sets its attributes after
 * its data is written and before its extended attributes are set, since a change of the owner
 * clears capabilities. The caller owns the descriptor. Returns -1 on error. */
int quilt_writer_file (QuiltWriter *writer, const char *path, mode_t mode, GError **error);
gboolean quilt_writer_file_done (
    QuiltWriter *writer, int fd, const char *path, const QuiltWriterMeta *meta, GError **error);

/* Makes a symbolic link with any target. No process follows the link while it is unpacked. */
gboolean quilt_writer_symlink (QuiltWriter *writer,
                               const char *path,
                               const char *target,
                               const QuiltWriterMeta *meta,
                               GError **error);

/* Makes a hard link to target, which must exist and is not followed. */
gboolean
quilt_writer_hardlink (QuiltWriter *writer, const char *path, const char *target, GError **error);

gboolean quilt_writer_fifo (QuiltWriter *writer,
                            const char *path,
                            const QuiltWriterMeta *meta,
                            GError **error);

/* Removes path, if it exists. */
gboolean quilt_writer_remove (QuiltWriter *writer, const char *path, GError **error);

/* Sets the times of the directories, which the entries in them have changed. */
gboolean quilt_writer_finish (QuiltWriter *writer, GError **error);

/* Sets "Failed to unpack 'path': cause", with a code that fits the cause: BAD_ARCHIVE for what
 * names and links in the archive can cause. Returns FALSE. */
gboolean quilt_writer_set_error (GError **error, int errsv, const char *path);
