/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration file and its drop-ins, as systemd's programs look for theirs. */
#pragma once

#include <glib.h>

/* Paths to be read, in their order: the file of that name, and those in DIRECTORY/NAME.d that end
 * with .conf, sorted by name. directories: NULL-terminated, the most important one last; what is
 * not there is skipped, and of several files of one name the most important one counts.
 * INVALID_ARGUMENT for a directory that can't be read. */
GPtrArray *
quilt_config_files_find (const char *const *directories, const char *name, GError **error);
