/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of --cidfile and --pidfile. quiltctl writes them, with the user's own rights. */
#pragma once

#include "ctl/ctl.h"

typedef struct {
  char *path;
  int fd; /* -1: not open */
  gboolean written;
} QuiltIdFile;

#define QUILT_ID_FILE_INIT                                                                         \
  {                                                                                                \
    .fd = -1                                                                                       \
  }

/* Makes the file of --cidfile, before there is a container; path NULL: none was asked for. It is an
 * error if there is one: it may be of another container. */
gboolean quilt_id_file_open (QuiltIdFile *file, const char *path, GError **error);

/* Writes the ID, if a file was asked for. */
gboolean quilt_id_file_write (QuiltIdFile *file, const char *id, GError **error);

/* Removes a file that nothing was written to. */
void quilt_id_file_clear (QuiltIdFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltIdFile, quilt_id_file_clear)

/* Writes the process ID of the container at the object path to the file of --pidfile; path NULL:
 * none was asked for. */
gboolean
quilt_pid_file_write (QuiltCtl *ctl, const char *path, const char *container, GError **error);
