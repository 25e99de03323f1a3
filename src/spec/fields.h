/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of values that several objects of the OCI configuration have. */
#pragma once

#include "base/json.h"

/* Rows of a table for keys that are known: refused, or ignored because of why. */
#define QUILT_OCI_UNSUPPORTED(key)                                                                 \
  {                                                                                                \
    key, QUILT_FIELD_ANY, quilt_field_unsupported                                                  \
  }
#define QUILT_OCI_IGNORED(key, type, why)                                                          \
  {                                                                                                \
    key, type, .reason = why                                                                       \
  }

/* Leaves out of a stranger's object what the table does not know: the paths of it, with commas
 * between them, NULL if there is none. Owned by the caller. */
char *quilt_oci_prune (const QuiltField *fields, json_object *object, const char *path);

/* Sets INVALID_ARGUMENT "Failed to read 'PATH': WHY" and returns FALSE. */
gboolean quilt_oci_refuse (GError **error, const char *path, const char *why);

/* Refuses the object at path if its key was absent, that is value NULL. */
gboolean quilt_oci_require (gconstpointer value, const char *path, const char *key, GError **error);

/* Each element of an array by read, which gets the path of the element. */
gboolean quilt_oci_read_each (
    json_object *array,
    const char *path,
    gboolean (*read) (json_object *item, const char *path, void *target, GError **error),
    void *target,
    GError **error);

/* Parse functions for tables, as in base/json.h: a path or several, a string, an environment. */
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

/* Adds a string or several to an object, unless value is NULL. */
void quilt_oci_print_string (json_object *object, const char *key, const char *value);
void quilt_oci_print_strv (json_object *object, const char *key, char **value);
