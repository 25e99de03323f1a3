/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of --cidfile and --pidfile. quiltctl writes them with the user's own rights. */
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

/* Makes the file of --cidfile before the container is created. path is NULL without --cidfile. If
 * the file exists, it may belong to another container, so that is an error. */
gboolean quilt_id_file_open (QuiltIdFile *file, const char *path, GError **error);

/* Writes the ID, if --cidfile was given. */
gboolean quilt_id_file_write (QuiltIdFile *file, const char *id, GError **error);

/* Removes the file if no ID was written to it. */
void quilt_id_file_clear (QuiltIdFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltIdFile, quilt_id_file_clear)

/* Writes the process ID of the container at the object path to the file of --pidfile. path is NULL
 * without --pidfile. */
gboolean
quilt_pid_file_write (QuiltCtl *ctl, const char *path, const char *container, GError **error);
