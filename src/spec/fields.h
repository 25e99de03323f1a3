/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that several objects of the OCI configuration have. */
#pragma once

#include "base/json.h"

/* Rows of a table for known keys that are refused, or ignored for the reason `why`. */
#define QUILT_OCI_UNSUPPORTED(key)                                                                 \
  {                                                                                                \
    key, QUILT_FIELD_ANY, quilt_field_unsupported                                                  \
  }
#define QUILT_OCI_IGNORED(key, type, why)                                                          \
  {                                                                                                \
    key, type, .reason = why                                                                       \
  }

/* Removes keys that the table lacks from an object. Returns their paths, separated by commas, or
 * NULL if there are none. Owned by the caller. */
char *quilt_oci_prune (const QuiltField *fields, json_object *object, const char *path);

/* Sets INVALID_ARGUMENT "Failed to read 'PATH': WHY" and returns FALSE. */
gboolean quilt_oci_refuse (GError **error, const char *path, const char *why);

/* Refuses the object at path if value is NULL, because its key is missing. */
gboolean quilt_oci_require (gconstpointer value, const char *path, const char *key, GError **error);

/* Calls read for each element of an array, with the element's path. */
gboolean quilt_oci_read_each (
    json_object *array,
    const char *path,
    gboolean (*read) (json_object *item, const char *path, void *target, GError **error),
    void *target,
    GError **error);

/* Parse functions for tables, as in base/json.h: one or several absolute paths, a non-empty string,
 * an environment. */
gboolean quilt_oci_read_absolute (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_read_absolute_strv (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_read_nonempty (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);

/* An SELinux label, or an empty string. */
gboolean quilt_oci_read_label (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_read_env (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);

/* Add a string or a list to an object, unless value is NULL. */
void quilt_oci_print_string (json_object *object, const char *key, const char *value);
void quilt_oci_print_strv (json_object *object, const char *key, char **value);
