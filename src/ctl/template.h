/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of --format: a text with fields of a JSON object, as in podman and docker. */
#pragma once

#include "base/json.h"

#include <glib.h>

/* Checks "{{.Name}}\t{{json .Labels}}" and the like. INVALID_ARGUMENT saying what is wrong. */
gboolean quilt_template_check (const char *format, GError **error);

/* The text with a value in the place of each "{{…}}", and "\n" and "\t" for what they stand for.
 * Members are found in any case, and without their '-' and '_'. printable: values are made safe for
 * a terminal. The caller's; INVALID_ARGUMENT naming a member that object does not have, and those
 * that it has. */
char *
quilt_template_expand (const char *format, json_object *object, gboolean printable, GError **error);

/* The same with the last word of each path in capitals: the legend of a table. */
char *quilt_template_legend (const char *format);
