/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints tables and JSON on stdout, as the shared options ask. */
#pragma once

#include "base/json.h"
#include "ctl/ctl.h"
#include "ctl/table.h"

void quilt_print_table (QuiltCtl *ctl, QuiltTable *table);

/* As --json says, pretty unless it says short. Made safe for a terminal. */
void quilt_print_json (QuiltCtl *ctl, json_object *object);

/* A D-Bus value as JSON: numbers, strings, booleans, arrays, dictionaries. */
json_object *quilt_json_new_variant (GVariant *value);

/* "State" → "state", "CPUQuota" → "cpuQuota", "ExitCode" → "exitCode": the keys of all JSON. */
char *quilt_json_key (const char *property);

/* Members of an object. */
void quilt_json_add_uint64 (json_object *object, const char *key, guint64 value);
void quilt_json_add_string (json_object *object, const char *key, const char *value);
/* The same, and frees value. */
void quilt_json_take_string (json_object *object, const char *key, char *value);
