/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources of the OCI configuration (config-linux.md, "Control groups"): checked, so that a
 * wrong configuration is told from a right one. The limits themselves are properties of the scope.
 */
#include "base/text.h"
#include "spec/oci-private.h"

#include <string.h>

#define REASON "limits are properties of the scope, set by quiltd"

static gboolean
check_uint (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  guint64 number;

  return quilt_field_uint64 (field, value, path, &number, error);
}

static gboolean
check_below (json_object *value, const char *path, gint64 max, const char *why, GError **error)
{
  gint64 number = json_object_get_int64 (value);

  return (number >= 0 && number <= max) || quilt_oci_refuse (error, path, why);
}

static gboolean
check_uint16 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return check_below (value, path, G_MAXUINT16, "must be a number from 0 to 65535", error);
}

static gboolean
check_uint32 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return check_below (value, path, G_MAXUINT32, "must be a number from 0 to 4294967295", error);
}

/* "64KB", "2MB", "1GB": the names of hugetlb's files. */
static gboolean
check_page_size (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);
  gsize digits = strspn (text, "0123456789");

  return (digits > 0 && *text != '0' && strchr ("KMG", text[digits]) && text[digits] &&
          strcmp (text + digits + 1, "B") == 0) ||
         quilt_oci_refuse (error, path, "must be a size like 64KB, 2MB or 1GB");
}

static gboolean
check_access (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);

  return strspn (text, "rwm") == strlen (text) ||
         quilt_oci_refuse (error, path, "must consist of r, w and m");
}

static gboolean
check_device_type (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);

  return (*text && strchr ("abcup", *text) && !text[1]) ||
         quilt_oci_refuse (error, path, "must be a, b, c, u or p");
}

#define BOOL(key) QUILT_OCI_IGNORED (key, QUILT_FIELD_BOOL, REASON)
#define INT(key) QUILT_OCI_IGNORED (key, QUILT_FIELD_INT, REASON)
#define STRING(key) QUILT_OCI_IGNORED (key, QUILT_FIELD_STRING, REASON)
#define UINT(key)                                                                                  \
  {                                                                                                \
    key, QUILT_FIELD_INT, check_uint                                                               \
  }
#define UINT16(key)                                                                                \
  {                                                                                                \
    key, QUILT_FIELD_INT, check_uint16                                                             \
  }
#define UINT32(key)                                                                                \
  {                                                                                                \
    key, QUILT_FIELD_INT, check_uint32                                                             \
  }

static const QuiltField device_fields[] = {
    BOOL ("allow"), {"type", QUILT_FIELD_STRING, check_device_type}, INT ("major"),
    INT ("minor"),  {"access", QUILT_FIELD_STRING, check_access},    {NULL},
};
static const QuiltField memory_fields[] = {
    INT ("limit"),
    INT ("reservation"),
    INT ("swap"),
    INT ("kernel"),
    INT ("kernelTCP"),
    UINT ("swappiness"),
    BOOL ("useHierarchy"),
    BOOL ("disableOOMKiller"),
    BOOL ("checkBeforeUpdate"),
    {NULL},
};
static const QuiltField cpu_fields[] = {
    UINT ("shares"), INT ("quota"),           UINT ("burst"),
    UINT ("period"), INT ("realtimeRuntime"), UINT ("realtimePeriod"),
    STRING ("cpus"), STRING ("mems"),         INT ("idle"),
    {NULL},
};
static const QuiltField pids_fields[] = {INT ("limit"), {NULL}};
static const QuiltField weight_fields[] = {
    INT ("major"), INT ("minor"), UINT16 ("weight"), UINT16 ("leafWeight"), {NULL}};
static const QuiltField throttle_fields[] = {INT ("major"), INT ("minor"), UINT ("rate"), {NULL}};
static const QuiltField page_fields[] = {
    {"pageSize", QUILT_FIELD_STRING, check_page_size}, UINT ("limit"), {NULL}};
static const QuiltField priority_fields[] = {STRING ("name"), UINT32 ("priority"), {NULL}};
static const QuiltField rdma_fields[] = {UINT32 ("hcaHandles"), UINT32 ("hcaObjects"), {NULL}};

static const struct {
  const char *key;
  const QuiltField *fields;
} tables[] = {
    {"devices", device_fields},
    {"memory", memory_fields},
    {"cpu", cpu_fields},
    {"pids", pids_fields},
    {"weightDevice", weight_fields},
    {"throttleReadBpsDevice", throttle_fields},
    {"throttleWriteBpsDevice", throttle_fields},
    {"throttleReadIOPSDevice", throttle_fields},
    {"throttleWriteIOPSDevice", throttle_fields},
    {"hugepageLimits", page_fields},
    {"priorities", priority_fields},
    {"rdma", rdma_fields},
};

/* The table of what the key holds: an object, or several of them. */
static const QuiltField *
find_table (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    if (strcmp (tables[i].key, key) == 0)
      return tables[i].fields;
  g_return_val_if_reached (NULL);
}

static gboolean
check_object (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_json_read (find_table (field->name), value, path, member, error);
}

static gboolean
check_item (json_object *item, const char *path, void *fields, GError **error)
{
  int nothing;

  return quilt_json_read (fields, item, path, &nothing, error);
}

static gboolean
check_each (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, check_item, (void *)find_table (field->name), error);
}

/* An object whose keys are names of devices. */
static gboolean
check_map (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);

    if (!quilt_json_read (find_table (field->name), item, here, member, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_unified (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);

    if (!*key || strchr (key, '/'))
      return quilt_oci_refuse (error, here, "must be the name of a file of a cgroup");
    if (!json_object_is_type (item, json_type_string))
      return quilt_oci_refuse (error, here, "must be a string");
  }
  return TRUE;
}

static const QuiltField io_fields[] = {
    UINT16 ("weight"),
    UINT16 ("leafWeight"),
    {"weightDevice", QUILT_FIELD_ARRAY, check_each},
    {"throttleReadBpsDevice", QUILT_FIELD_ARRAY, check_each},
    {"throttleWriteBpsDevice", QUILT_FIELD_ARRAY, check_each},
    {"throttleReadIOPSDevice", QUILT_FIELD_ARRAY, check_each},
    {"throttleWriteIOPSDevice", QUILT_FIELD_ARRAY, check_each},
    {NULL},
};
static const QuiltField network_fields[] = {
    UINT32 ("classID"), {"priorities", QUILT_FIELD_ARRAY, check_each}, {NULL}};

static gboolean
check_io (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_json_read (io_fields, value, path, member, error);
}

static gboolean
check_network (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_json_read (network_fields, value, path, member, error);
}

static const QuiltField resources_fields[] = {
    {"devices", QUILT_FIELD_ARRAY, check_each},
    {"memory", QUILT_FIELD_OBJECT, check_object},
    {"cpu", QUILT_FIELD_OBJECT, check_object},
    {"pids", QUILT_FIELD_OBJECT, check_object},
    {"blockIO", QUILT_FIELD_OBJECT, check_io},
    {"hugepageLimits", QUILT_FIELD_ARRAY, check_each},
    {"network", QUILT_FIELD_OBJECT, check_network},
    {"rdma", QUILT_FIELD_OBJECT, check_map},
    {"unified", QUILT_FIELD_OBJECT, check_unified},
    {NULL},
};

gboolean
quilt_oci_check_resources (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_json_read (resources_fields, value, path, member, error);
}
