/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of strings in memory files, by which quiltd passes to a helper what is too long for a
 * command line: each string with its NUL. */
#pragma once

#include <glib.h>

/* Returns a descriptor of a new memory file, or -1 on error. */
int quilt_list_file_new (const char *const *strings, GError **error);

/* Returns the strings, NULL-terminated and owned by the caller; NULL on error. */
char **quilt_list_file_read (int fd);
