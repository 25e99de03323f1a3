/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a tree beneath one directory, entry by entry, whatever links the entries before have made
 * there: a parent is resolved with that directory as the root, the last component is never
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

/* root_fd stays the caller's and must outlive the writer. */
QuiltWriter *quilt_writer_new (int root_fd);
void quilt_writer_free (QuiltWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltWriter, quilt_writer_free)

/* Every path is as quilt_entry_path() makes it. What is there already is replaced (a directory with
 * all that is in it), except that a directory over a directory only sets its attributes. Missing
 * parents are made, 0755. Errors: BAD_ARCHIVE when the entry can't be, NO_SPACE, QUOTA_EXCEEDED,
 * FAILED. */

/* Makes a directory; path "" is the root itself. The descriptor, for extended attributes, belongs
 * to the writer and is valid until the next call; -1 on error. */
int quilt_writer_directory (QuiltWriter *writer,
                            const char *path,
                            const QuiltWriterMeta *meta,
                            GError **error);

/* Makes a regular file, open for writing; its attributes are set by quilt_writer_file_done(), after
 * its data and before its extended attributes: a change of the owner takes capabilities away. The
 * descriptor is the caller's. -1 on error. */
int quilt_writer_file (QuiltWriter *writer, const char *path, mode_t mode, GError **error);
gboolean quilt_writer_file_done (
    QuiltWriter *writer, int fd, const char *path, const QuiltWriterMeta *meta, GError **error);

/* Makes a symbolic link with any target: no process follows it on this side. */
gboolean quilt_writer_symlink (QuiltWriter *writer,
                               const char *path,
                               const char *target,
                               const QuiltWriterMeta *meta,
                               GError **error);

/* Makes a second name of what target is, itself not followed; target must be there. */
gboolean
quilt_writer_hardlink (QuiltWriter *writer, const char *path, const char *target, GError **error);

gboolean quilt_writer_fifo (QuiltWriter *writer,
                            const char *path,
                            const QuiltWriterMeta *meta,
                            GError **error);

/* Removes what is at path, if anything is. */
gboolean quilt_writer_remove (QuiltWriter *writer, const char *path, GError **error);

/* Sets the times of the directories, which every entry in them has changed. */
gboolean quilt_writer_finish (QuiltWriter *writer, GError **error);

/* Sets "Failed to unpack 'path': cause", with the code that the cause suggests: what a name or a
 * link in the archive can bring about is BAD_ARCHIVE. Returns FALSE. */
gboolean quilt_writer_set_error (GError **error, int errsv, const char *path);
