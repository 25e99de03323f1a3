/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of an image's configuration that import --change sets, as users type them. */
#pragma once

#include <glib.h>

/* Adds the options of ImportImage that changes ("CMD echo", NULL-terminated, or NULL) are to dict.
 * INVALID_ARGUMENT for what can't be read, NOT_SUPPORTED for an instruction that Quilt does not
 * take. */
gboolean quilt_changes_add (char *const *changes, GVariantDict *dict, GError **error);

/* ["PROGRAM", "ARGUMENT"...]. The caller's; INVALID_ARGUMENT. what: for the error. */
char **quilt_command_parse_json (const char *what, const char *text, GError **error);
