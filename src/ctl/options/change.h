/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses --change of import and commit, which sets parts of an image's configuration. */
#pragma once

#include <glib.h>

/* Adds the options of ImportImage for changes ("CMD echo", NULL-terminated, or NULL) to dict. Sets
 * INVALID_ARGUMENT if a change is malformed, NOT_SUPPORTED for an instruction that Quilt does not
 * support. */
gboolean quilt_changes_add (char *const *changes, GVariantDict *dict, GError **error);

/* Parses ["PROGRAM", "ARGUMENT"...]. Owned by the caller. Sets INVALID_ARGUMENT; `what` names the
 * text in the error. */
char **quilt_command_parse_json (const char *what, const char *text, GError **error);
