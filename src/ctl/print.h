/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints tables and JSON on stdout, as the shared options ask. */
#pragma once

#include "base/json.h"
#include "ctl/ctl.h"
#include "ctl/table.h"

void quilt_print_table (QuiltCtl *ctl, QuiltTable *table);

/* Prints JSON as --json asks, pretty by default. Escapes what would move a terminal. */
void quilt_print_json (QuiltCtl *ctl, json_object *object);

/* Converts a D-Bus value to JSON: numbers, strings, booleans, arrays, dictionaries. */
json_object *quilt_json_new_variant (GVariant *value);

/* The JSON key of a property: "State" → "state", "CPUQuota" → "cpuQuota", "ExitCode" →
 * "exitCode". */
char *quilt_json_key (const char *property);

/* Add members to an object. */
void quilt_json_add_uint64 (json_object *object, const char *key, guint64 value);
void quilt_json_add_string (json_object *object, const char *key, const char *value);
/* As quilt_json_add_string(), and frees value. */
void quilt_json_take_string (json_object *object, const char *key, char *value);
