/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads files that options name, such as a profile or a list of variables. */
#pragma once

#include <glib.h>

/* Reads a file of any kind, including a shell's pipe. Stops once it has read more than max
 * bytes, so that the caller notices a file that is too large. `what` names the file's purpose in
 * the error. Owned by the caller. */
GString *quilt_text_file_read (const char *what, const char *path, gsize max, GError **error);

/* Reads the file's lines, except empty lines and those that begin with '#'. Owned by the caller,
 * NULL-terminated. Sets INVALID_ARGUMENT for more than 512 KiB, or a NUL byte. */
char **quilt_text_file_read_lines (const char *what, const char *path, GError **error);
