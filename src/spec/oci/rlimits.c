/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process.rlimits of the OCI configuration. */
#include "spec/oci/private.h"

#include "spec/rlimits.h"

typedef struct {
  char *type;
  guint64 soft, hard;
  gboolean has_soft, has_hard;
} Item;

static gboolean
read_soft (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  Item *item = target;

  item->has_soft = TRUE;
  return quilt_field_uint64 (field, value, path, &item->soft, error);
}

static gboolean
read_hard (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  Item *item = target;

  item->has_hard = TRUE;
  return quilt_field_uint64 (field, value, path, &item->hard, error);
}

const QuiltField quilt_rlimit_fields[] = {
    {"type", QUILT_FIELD_STRING, quilt_field_string, G_STRUCT_OFFSET (Item, type)},
    {"soft", QUILT_FIELD_INT, read_soft},
    {"hard", QUILT_FIELD_INT, read_hard},
    {NULL},
};

static gboolean
check_item (const Item *item, GArray *array, const char *path, QuiltRlimit *ret, GError **error)
{
  QuiltRlimit limit = {0, item->soft, item->hard};

  if (!quilt_oci_require (item->type, path, "type", error))
    return FALSE;
  limit.resource = quilt_rlimit_from_name (item->type);
  if (limit.resource < 0)
    return quilt_oci_refuse (error, path, "its type is not a limit such as 'RLIMIT_NOFILE'");
  if (!item->has_soft || !item->has_hard)
    return quilt_oci_refuse (error, path, "needs both 'soft' and 'hard'");
  if (limit.soft > limit.hard)
    return quilt_oci_refuse (error, path, "the soft limit is above the hard one");
  for (guint i = 0; i < array->len; i++)
    if (g_array_index (array, QuiltRlimit, i).resource == limit.resource)
      return quilt_oci_refuse (error, path, "this type is given twice");
  *ret = limit;
  return TRUE;
}

gboolean
quilt_rlimit_read (json_object *object, const char *path, void *array, GError **error)
{
  Item item = {NULL};
  QuiltRlimit limit;
  gboolean ok = quilt_json_read (quilt_rlimit_fields, object, path, &item, error) &&
                check_item (&item, array, path, &limit, error);

  g_free (item.type);
  if (ok)
    g_array_append_val ((GArray *)array, limit);
  return ok;
}

json_object *
quilt_rlimits_print (const GArray *array)
{
  json_object *list = json_object_new_array ();

  for (guint i = 0; i < array->len; i++) {
    const QuiltRlimit *limit = &g_array_index (array, QuiltRlimit, i);
    json_object *item = json_object_new_object ();

    json_object_object_add (item, "type",
                            json_object_new_string (quilt_rlimit_to_name (limit->resource)));
    json_object_object_add (item, "soft", json_object_new_uint64 (limit->soft));
    json_object_object_add (item, "hard", json_object_new_uint64 (limit->hard));
    json_object_array_add (list, item);
  }
  return list;
}
