/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Templates of --format: a text with fields of a JSON object, as in podman and docker. */
#pragma once

#include "base/json.h"

#include <glib.h>

/* Checks a template such as "{{.Name}}\t{{json .Labels}}". Sets INVALID_ARGUMENT with the fault. */
gboolean quilt_template_check (const char *format, GError **error);

/* Expands a template: replaces each "{{…}}" by its value, and the escapes "\n" and "\t". Member
 * names ignore case, '-' and '_'. printable: values are made safe for a terminal. Owned by the
 * caller. Sets INVALID_ARGUMENT if object lacks a member; the error lists the members it has. */
char *
quilt_template_expand (const char *format, json_object *object, gboolean printable, GError **error);

/* Expands a template to the legend of a table: replaces each field by the last word of its path, in
 * capitals. */
char *quilt_template_legend (const char *format);
