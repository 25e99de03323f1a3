/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The variables of --env and --env-file. */
#pragma once

#include <glib.h>

/* Reads the lines of the files, then texts; each may be NULL. "NAME=VALUE" is used as it is. "NAME"
 * gets the value that lookup returns; if that is NULL, it is left out. Owned by the caller. */
char **quilt_env_read (char *const *files,
                       char *const *texts,
                       const char *(*lookup) (const char *name),
                       GError **error);
