/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of an image, which may be hostile: every path stays inside, only regular files are
 * read, and looking ends after a time. The files don't change meanwhile. */
#pragma once

#include <glib.h>
#include <sys/stat.h>

typedef struct QuiltRoot QuiltRoot;

/* fd, which is borrowed, is the image's root directory. working_directory, "" for "/", is where
 * relative paths begin. */
QuiltRoot *quilt_root_new (int fd, const char *working_directory);
void quilt_root_free (QuiltRoot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltRoot, quilt_root_free)

/* Whether the time or the number of looks is used up. From then on nothing is found. */
gboolean quilt_root_is_spent (const QuiltRoot *self);

/* Whether the path exists; links are followed. */
gboolean quilt_root_exists (QuiltRoot *self, const char *path);

/* Whether there is something at the path, if only a link that leads nowhere. */
gboolean quilt_root_has (QuiltRoot *self, const char *path);

/* Opens a regular file for reading. Returns -1 with errno set: EISDIR for a directory, EINVAL for
 * any other file that is not regular. */
int quilt_root_open (QuiltRoot *self, const char *path);

/* Opens a directory for listing it. Returns -1 with errno set. */
int quilt_root_open_directory (QuiltRoot *self, const char *path);

/* Reads at most max bytes of a regular file. Returns NULL with errno set. */
GBytes *quilt_root_read (QuiltRoot *self, const char *path, gsize max);

/* Where a path leads. */
typedef struct {
  char *path; /* absolute, without links; if the path does not exist, as far as it was followed */
  int error;  /* 0: it exists, and st is valid; else an errno */
  struct stat st;
  gboolean dangling; /* a link on the way leads nowhere: the path is its target, or is below it */
} QuiltRootEntry;

void quilt_root_entry_clear (QuiltRootEntry *entry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltRootEntry, quilt_root_entry_clear)

/* Follows a path link by link. *ret_entry, which was empty, is always set. */
void quilt_root_follow (QuiltRoot *self, const char *path, QuiltRootEntry *ret_entry);

/* Returns the absolute path that a path of the image means, without following links. Owned by the
 * caller. */
char *quilt_root_make_absolute (const QuiltRoot *self, const char *path);

/* A QuiltElfRead of an open file: data is GINT_TO_POINTER (fd). */
gboolean quilt_root_read_at (gpointer data, guint64 offset, gpointer buffer, gsize length);
