/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that several objects of the OCI configuration have. */
#include "spec/fields.h"

#include "base/error.h"
#include "spec/labels.h"

#include <string.h>

char *
quilt_oci_prune (const QuiltField *fields, json_object *object, const char *path)
{
  g_autoptr (GPtrArray) unknown = g_ptr_array_new_with_free_func (g_free);

  if (json_object_is_type (object, json_type_object))
    quilt_json_prune (fields, object, path, unknown);
  if (unknown->len == 0)
    return NULL;
  g_ptr_array_add (unknown, NULL);
  return g_strjoinv (", ", (char **)unknown->pdata);
}

gboolean
quilt_oci_refuse (GError **error, const char *path, const char *why)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': %s", path,
               why);
  return FALSE;
}

gboolean
quilt_oci_require (gconstpointer value, const char *path, const char *key, GError **error)
{
  g_autofree char *full = g_strconcat (path, *path ? "." : "", key, NULL);

  return value ? TRUE : quilt_oci_refuse (error, full, "is missing");
}

gboolean
quilt_oci_read_absolute (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (*json_object_get_string (value) != '/')
    return quilt_oci_refuse (error, path, "must be an absolute path");
  return quilt_field_string (field, value, path, member, error);
}

gboolean
quilt_oci_read_nonempty (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (json_object_get_string_len (value) == 0)
    return quilt_oci_refuse (error, path, "is empty");
  return quilt_field_string (field, value, path, member, error);
}

gboolean
quilt_oci_read_label (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *label = json_object_get_string (value);

  if (*label && !quilt_label_check (label))
    return quilt_oci_refuse (error, path, "must be a label like 'user_u:role_r:type_t:level'");
  return quilt_field_string (field, value, path, member, error);
}

/* Reads a list whose strings must all pass a check. Refuses the first invalid string by its
 * path. */
static gboolean
read_checked (const QuiltField *field,
              json_object *value,
              const char *path,
              gboolean (*passes) (const char *text),
              const char *why,
              void *member,
              GError **error)
{
  char **strv;

  if (!quilt_field_strv (field, value, path, member, error))
    return FALSE;
  strv = *(char ***)member;
  for (gsize i = 0; strv[i]; i++)
    if (!passes (strv[i])) {
      g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

      return quilt_oci_refuse (error, here, why);
    }
  return TRUE;
}

static gboolean
is_absolute (const char *text)
{
  return *text == '/';
}

gboolean
quilt_oci_read_absolute_strv (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_checked (field, value, path, is_absolute, "must be an absolute path", member, error);
}

static gboolean
is_assignment (const char *text)
{
  return *text != '=' && strchr (text, '=');
}

gboolean
quilt_oci_read_env (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_checked (field, value, path, is_assignment, "must be NAME=VALUE", member, error);
}

gboolean
quilt_oci_read_each (
    json_object *array,
    const char *path,
    gboolean (*read) (json_object *item, const char *path, void *target, GError **error),
    void *target,
    GError **error)
{
  for (gsize i = 0; i < json_object_array_length (array); i++) {
    g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

    if (!read (json_object_array_get_idx (array, i), here, target, error))
      return FALSE;
  }
  return TRUE;
}

void
quilt_oci_print_string (json_object *object, const char *key, const char *value)
{
  if (value)
    json_object_object_add (object, key, json_object_new_string (value));
}

void
quilt_oci_print_strv (json_object *object, const char *key, char **value)
{
  if (value)
    json_object_object_add (object, key, quilt_json_new_strv ((const char *const *)value));
}
