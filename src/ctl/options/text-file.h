/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that options name: a profile, a list of variables. */
#pragma once

#include <glib.h>

/* The bytes of a file of any kind, a pipe of a shell too, but at most max and one more, so that the
 * caller sees that there are too many. what: what it is, for the error. The caller's. */
GString *quilt_text_file_read (const char *what, const char *path, gsize max, GError **error);

/* Its lines without empty ones and those that begin with '#'. The caller's, NULL-terminated;
 * INVALID_ARGUMENT for more than 512 KiB, and for a NUL byte. */
char **quilt_text_file_read_lines (const char *what, const char *path, GError **error);
