/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes files below one directory, in which other processes may work too. No link is followed, so
 * nothing outside is made or changed. */
#pragma once

#include <glib.h>
#include <sys/stat.h>
#include <time.h>

typedef struct _QuiltMaker QuiltMaker;

typedef struct {
  mode_t mode;
  uid_t uid; /* (uid_t)-1 and (gid_t)-1: unchanged */
  gid_t gid;
  struct timespec mtime;
} QuiltMakerMeta;

/* Borrows dir_fd. Directories that no entry names get uid and gid and mode 0755. */
QuiltMaker *quilt_maker_new (int dir_fd, gboolean overwrite, uid_t uid, gid_t gid);
void quilt_maker_free (QuiltMaker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltMaker, quilt_maker_free)

/* Every path must come from quilt_entry_path(), and must not be empty. Errors: EXISTS, BAD_ARCHIVE,
 * INVALID_ARGUMENT if a device is in the way, NO_SPACE, FAILED. */

/* Makes a directory, which gets its mode and times in quilt_maker_finish(). *ret_fd is its
 * descriptor, owned by the caller, or -1 if the directory existed and so keeps what it has. */
gboolean quilt_maker_directory (
    QuiltMaker *maker, const char *path, const QuiltMakerMeta *meta, int *ret_fd, GError **error);

/* A file under its temporary name. */
typedef struct {
  int fd;
  int parent_fd; /* borrowed from the maker: valid until its next function */
  char temporary[32];
  const char *name; /* borrowed from the path */
} QuiltMakerFile;

#define QUILT_MAKER_FILE_NONE                                                                      \
  {                                                                                                \
    .fd = -1, .parent_fd = -1                                                                      \
  }

gboolean
quilt_maker_file (QuiltMaker *maker, const char *path, QuiltMakerFile *ret_file, GError **error);
/* Closes the file. keep: gives it its name; otherwise removes it, and returns TRUE. */
gboolean quilt_maker_file_done (
    QuiltMaker *maker, QuiltMakerFile *file, const char *path, gboolean keep, GError **error);

/* Sets owner, mode and times of an open file. */
gboolean
quilt_maker_set_meta (int fd, const char *path, const QuiltMakerMeta *meta, GError **error);

/* The target of a symbolic link may be anything; that of a hard link is a regular file below the
 * directory. */
gboolean quilt_maker_symlink (QuiltMaker *maker,
                              const char *path,
                              const char *target,
                              const QuiltMakerMeta *meta,
                              GError **error);
gboolean
quilt_maker_hardlink (QuiltMaker *maker, const char *path, const char *target, GError **error);
/* The umask must be 0. */
gboolean
quilt_maker_fifo (QuiltMaker *maker, const char *path, const QuiltMakerMeta *meta, GError **error);

/* Sets the modes and times of the directories that were made. */
gboolean quilt_maker_finish (QuiltMaker *maker, GError **error);

/* Sets "Failed to unpack 'path': cause". Returns FALSE. */
gboolean quilt_maker_set_error (GError **error, int errsv, const char *path);
