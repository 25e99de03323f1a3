/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors that quilt-look gets. */
#pragma once

#include <glib.h>

/* An array of descriptors, which it owns. */
GArray *quilt_look_files_new (void);

/* Adds a memory file with the strings, each with its NUL. */
gboolean quilt_look_files_add_list (GArray *files, const char *const *strings, GError **error);

/* Adds a directory, below dir_fd or absolute. */
gboolean
quilt_look_files_add_directory (GArray *files, int dir_fd, const char *path, GError **error);
