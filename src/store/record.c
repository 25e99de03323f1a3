/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: one JSON object per file, with a version, read by a table. */
#include "store/record.h"

#include "base/error.h"

#include <string.h>

/* A command line and an environment may take megabytes. A larger record is not one of ours. */
#define RECORD_SIZE_MAX (32 * 1024 * 1024)

json_object *
quilt_record_new (void)
{
  json_object *record = json_object_new_object ();

  json_object_object_add (record, "version", json_object_new_int (QUILT_RECORD_VERSION));
  return record;
}

void
quilt_record_add_string (json_object *record, const char *key, const char *value)
{
  if (value)
    json_object_object_add (record, key, json_object_new_string (value));
}

void
quilt_record_add_uint64 (json_object *record, const char *key, guint64 value)
{
  json_object_object_add (record, key, json_object_new_uint64 (value));
}

void
quilt_record_add_strv (json_object *record, const char *key, char **strv)
{
  if (strv)
    json_object_object_add (record, key, quilt_json_new_strv ((const char *const *)strv));
}

gboolean
quilt_record_write (
    int dir_fd, const char *name, json_object *record, QuiltFileSync sync, GError **error)
{
  g_autofree char *text = quilt_json_print (record, FALSE);

  return quilt_file_replace (dir_fd, name, text, strlen (text), sync, error);
}

static gboolean
check_version (json_object *record, GError **error)
{
  json_object *version;

  if (!json_object_is_type (record, json_type_object) ||
      !json_object_object_get_ex (record, "version", &version) ||
      !json_object_is_type (version, json_type_int)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, "it is not a record of Quilt");
    return FALSE;
  }
  if (json_object_get_int64 (version) != QUILT_RECORD_VERSION) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "its version is %" G_GINT64_FORMAT ", and this version of Quilt reads %d",
                 json_object_get_int64 (version), QUILT_RECORD_VERSION);
    return FALSE;
  }
  return TRUE;
}

/* The keys that the table lacks, as JSON. Returns NULL if there are none. */
static char *
take_unknown (const QuiltField *fields, json_object *record)
{
  g_autoptr (json_object) unknown = json_object_new_object ();

  json_object_object_foreach (record, key, value) {
    if (!quilt_json_find_field (fields, key))
      json_object_object_add (unknown, key, json_object_get (value));
  }
  json_object_object_foreach (unknown, name, taken) {
    (void)taken;
    json_object_object_del (record, name);
  }
  return json_object_object_length (unknown) > 0 ? quilt_json_print (unknown, FALSE) : NULL;
}

gboolean
quilt_record_read (int dir_fd,
                   const char *name,
                   const QuiltField *fields,
                   void *target,
                   char **ret_more,
                   GError **error)
{
  g_autofree char *more = NULL;
  g_autoptr (GBytes) bytes = quilt_file_read (dir_fd, name, RECORD_SIZE_MAX, error);
  g_autoptr (json_object) record = NULL;
  const char *data;
  gsize length;

  if (!bytes)
    return FALSE;
  data = g_bytes_get_data (bytes, &length);
  record = quilt_json_parse (data ? data : "", length, RECORD_SIZE_MAX, error);
  if (!record || !check_version (record, error)) {
    g_prefix_error (error, "Failed to read '%s': ", name);
    return FALSE;
  }
  more = take_unknown (fields, record);
  if (!quilt_json_read (fields, record, "", target, error)) {
    g_prefix_error (error, "Failed to read '%s': ", name);
    return FALSE;
  }
  if (ret_more)
    *ret_more = g_steal_pointer (&more);
  return TRUE;
}
