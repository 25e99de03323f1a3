/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds a configuration file and its drop-ins by the rules of systemd's programs. */
#pragma once

#include <glib.h>

/* The paths to read, in order: the file called name, then the files in DIRECTORY/NAME.d that end
 * with .conf, sorted by name. directories is NULL-terminated, with the most important one last;
 * missing ones are skipped. Of files with the same name, only the most important one counts.
 * INVALID_ARGUMENT for an unreadable directory. */
GPtrArray *
quilt_config_files_find (const char *const *directories, const char *name, GError **error);
