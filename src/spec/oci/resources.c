/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads linux.resources of the OCI configuration: config-linux.md, "Control groups". */
#include "spec/oci/resources.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/fields.h"

#include <string.h>

const char *const quilt_oci_io_keys[QUILT_OCI_N_IO] = {
    [QUILT_OCI_IO_READ_BPS] = "throttleReadBpsDevice",
    [QUILT_OCI_IO_WRITE_BPS] = "throttleWriteBpsDevice",
    [QUILT_OCI_IO_READ_IOPS] = "throttleReadIOPSDevice",
    [QUILT_OCI_IO_WRITE_IOPS] = "throttleWriteIOPSDevice",
    [QUILT_OCI_IO_WEIGHT] = "weightDevice",
};

#define RESOURCES_MAX (1 << 20)
#define V1 "only cgroup v1 has it"

static gboolean
refuse_v1 (GError **error, const char *path)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED, "Failed to read '%s': " V1, path);
  return FALSE;
}

/* Reads a number of at least -1, which means no limit. 0 counts as absent. */
static gboolean
read_limit (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  if (!quilt_field_int64 (field, value, path, &number, error))
    return FALSE;
  if (number < -1)
    return quilt_oci_refuse (error, path, "must be -1 (no limit), 0 (as it is) or more");
  if (number != 0)
    *(gint64 *)member = number;
  return TRUE;
}

static gboolean
read_count (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  if (!quilt_field_int64 (field, value, path, &number, error))
    return FALSE;
  if (number < 0)
    return quilt_oci_refuse (error, path, "must not be negative");
  *(gint64 *)member = number;
  return TRUE;
}

static gboolean
read_nonzero (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  if (!read_count (field, value, path, &number, error))
    return FALSE;
  if (number != 0)
    *(gint64 *)member = number;
  return TRUE;
}

static gboolean
read_up_to (json_object *value, const char *path, gint64 max, gint64 *ret_number, GError **error)
{
  gint64 number = json_object_get_int64 (value);
  g_autofree char *why = g_strdup_printf ("must be a number from 0 to %" G_GINT64_FORMAT, max);

  if (number < 0 || number > max)
    return quilt_oci_refuse (error, path, why);
  *ret_number = number;
  return TRUE;
}

static gboolean
read_uint32 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_up_to (value, path, G_MAXUINT32, member, error);
}

/* idle is a flag, although it is a number. */
static gboolean
read_idle (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_up_to (value, path, 1, member, error);
}

static gboolean
read_weight (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 weight = 0;

  if (!read_up_to (value, path, G_MAXUINT16, &weight, error))
    return FALSE;
  if (weight != 0 && (weight < 10 || weight > 1000))
    return quilt_oci_refuse (error, path, "must be 10 to 1000, or 0 for the default");
  if (weight != 0)
    *(gint64 *)member = weight;
  return TRUE;
}

/* Reads a list of numbers. An empty list counts as absent. */
static gboolean
read_list (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);

  if (!*text)
    return TRUE;
  if (strspn (text, "0123456789,- \n") != strlen (text))
    return quilt_oci_refuse (error, path, "must be numbers and ranges, such as '0-3,8'");
  return quilt_field_string (field, value, path, member, error);
}

/* Accepts only a number that version 2 implements anyway: 0, or no limit. */
static gboolean
refuse_number (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  return quilt_field_int64 (field, value, path, &number, error) &&
         (number == 0 || number == -1 || refuse_v1 (error, path));
}

static gboolean
refuse_uint32 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  return read_up_to (value, path, G_MAXUINT32, &number, error) &&
         (number == 0 || refuse_v1 (error, path));
}

static gboolean
refuse_uint16 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  return read_up_to (value, path, G_MAXUINT16, &number, error) &&
         (number == 0 || refuse_v1 (error, path));
}

static gboolean
refuse_true (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return !json_object_get_boolean (value) || refuse_v1 (error, path);
}

#define R(name) .offset = G_STRUCT_OFFSET (QuiltOciResources, name)

static const QuiltField memory_fields[] = {
    {"limit", QUILT_FIELD_INT, read_limit, R (memory_limit)},
    {"reservation", QUILT_FIELD_INT, read_limit, R (memory_reservation)},
    {"swap", QUILT_FIELD_INT, read_limit, R (memory_swap)},
    {"kernel", QUILT_FIELD_INT, refuse_number},
    {"kernelTCP", QUILT_FIELD_INT, refuse_number},
    QUILT_OCI_IGNORED (
        "swappiness", QUILT_FIELD_INT, "cgroup v2 has no such setting, and it limits nothing"),
    QUILT_OCI_IGNORED ("useHierarchy", QUILT_FIELD_BOOL, "cgroup v2 has only one hierarchy"),
    {"disableOOMKiller", QUILT_FIELD_BOOL, refuse_true},
    {"checkBeforeUpdate", QUILT_FIELD_BOOL, quilt_field_bool, R (memory_check)},
    {NULL},
};
static const QuiltField cpu_fields[] = {
    {"shares", QUILT_FIELD_INT, read_nonzero, R (cpu_shares)},
    {"quota", QUILT_FIELD_INT, read_limit, R (cpu_quota)},
    {"burst", QUILT_FIELD_INT, read_count, R (cpu_burst)},
    {"period", QUILT_FIELD_INT, read_nonzero, R (cpu_period)},
    {"realtimeRuntime", QUILT_FIELD_INT, refuse_number},
    {"realtimePeriod", QUILT_FIELD_INT, refuse_number},
    {"cpus", QUILT_FIELD_STRING, read_list, R (cpus)},
    {"mems", QUILT_FIELD_STRING, read_list, R (mems)},
    {"idle", QUILT_FIELD_INT, read_idle, R (cpu_idle)},
    {NULL},
};
static const QuiltField pids_fields[] = {{"limit", QUILT_FIELD_INT, read_limit, R (pids_limit)},
                                         {NULL}};

/* Reads a page size as in the names of hugetlb's files: 64KB, 2MB, 1GB. */
static gboolean
read_page_size (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);
  gsize digits = strspn (text, "0123456789");

  if (digits == 0 || *text == '0' || !text[digits] || !strchr ("KMG", text[digits]) ||
      strcmp (text + digits + 1, "B") != 0)
    return quilt_oci_refuse (error, path, "must be a size like 64KB, 2MB or 1GB");
  return quilt_field_string (field, value, path, member, error);
}

static const QuiltField page_fields[] = {
    {"pageSize", QUILT_FIELD_STRING, read_page_size, G_STRUCT_OFFSET (QuiltOciHugepages, size)},
    {"limit", QUILT_FIELD_INT, quilt_field_uint64, G_STRUCT_OFFSET (QuiltOciHugepages, limit)},
    {NULL},
};

static gboolean
read_page (json_object *item, const char *path, void *target, GError **error)
{
  QuiltOciResources *resources = target;
  QuiltOciHugepages *pages;

  g_array_set_size (resources->hugepages, resources->hugepages->len + 1);
  pages = &g_array_index (resources->hugepages, QuiltOciHugepages, resources->hugepages->len - 1);
  return quilt_json_read (page_fields, item, path, pages, error) &&
         quilt_oci_require (pages->size, path, "pageSize", error);
}

static gboolean
read_access (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);
  char *access = member;

  if (strspn (text, "rwm") != strlen (text))
    return quilt_oci_refuse (error, path, "must consist of r, w and m");
  if (!*text) /* counts as absent */
    return TRUE;
  for (const char *letter = "rwm"; *letter; letter++)
    if (strchr (text, *letter))
      *access++ = *letter;
  *access = '\0';
  return TRUE;
}

/* 'u' is mknod(1)'s letter for an unbuffered character device. */
static gboolean
read_device_type (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);

  if (!*text)
    return TRUE;
  if (!strchr ("abcu", *text) || text[1])
    return quilt_oci_refuse (error, path, "must be a, b, c or u");
  *(char *)member = *text == 'u' ? 'c' : *text;
  return TRUE;
}

static gboolean
read_device_number (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 number = 0;

  if (!quilt_field_int64 (field, value, path, &number, error))
    return FALSE;
  if (number < -1 || number > G_MAXUINT32)
    return quilt_oci_refuse (error, path, "must be -1 (any) to 4294967295");
  *(gint64 *)member = number;
  return TRUE;
}

#define RULE(name) .offset = G_STRUCT_OFFSET (QuiltOciDeviceRule, name)

static const QuiltField device_fields[] = {
    {"allow", QUILT_FIELD_BOOL, quilt_field_bool, RULE (allow)},
    {"type", QUILT_FIELD_STRING, read_device_type, RULE (type)},
    {"major", QUILT_FIELD_INT, read_device_number, RULE (major)},
    {"minor", QUILT_FIELD_INT, read_device_number, RULE (minor)},
    {"access", QUILT_FIELD_STRING, read_access, RULE (access)},
    {NULL},
};

static gboolean
read_device (json_object *item, const char *path, void *target, GError **error)
{
  QuiltOciResources *resources = target;
  QuiltOciDeviceRule rule = {FALSE, 'a', -1, -1, "rwm"};

  if (!quilt_json_read (device_fields, item, path, &rule, error))
    return FALSE;
  g_array_append_val (resources->devices, rule);
  return TRUE;
}

#define IO(name) .offset = G_STRUCT_OFFSET (QuiltOciIo, name)

static const QuiltField weight_fields[] = {
    {"major", QUILT_FIELD_INT, read_uint32, IO (major)},
    {"minor", QUILT_FIELD_INT, read_uint32, IO (minor)},
    {"weight", QUILT_FIELD_INT, read_weight, IO (value)},
    {"leafWeight", QUILT_FIELD_INT, refuse_uint16},
    {NULL},
};
static const QuiltField throttle_fields[] = {
    {"major", QUILT_FIELD_INT, read_uint32, IO (major)},
    {"minor", QUILT_FIELD_INT, read_uint32, IO (minor)},
    {"rate", QUILT_FIELD_INT, quilt_field_uint64, IO (value)},
    {NULL},
};

static gboolean
read_io (const QuiltField *field,
         QuiltOciIoKind kind,
         json_object *item,
         const char *path,
         void *target,
         GError **error)
{
  QuiltOciResources *resources = target;
  QuiltOciIo io = {.kind = kind, .major = -1, .minor = -1};

  if (!quilt_json_read (field->fields, item, path, &io, error))
    return FALSE;
  if (io.major < 0 || io.minor < 0)
    return quilt_oci_refuse (error, path, "needs major and minor");
  if (kind != QUILT_OCI_IO_WEIGHT || io.value != 0)
    g_array_append_val (resources->io, io);
  return TRUE;
}

static gboolean
read_ios (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltOciIoKind kind = 0;

  while (strcmp (quilt_oci_io_keys[kind], field->name) != 0)
    kind++;
  for (gsize i = 0; i < json_object_array_length (value); i++) {
    g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

    if (!read_io (field, kind, json_object_array_get_idx (value, i), here, target, error))
      return FALSE;
  }
  return TRUE;
}

static const QuiltField io_fields[] = {
    {"weight", QUILT_FIELD_INT, read_weight, R (io_weight)},
    {"leafWeight", QUILT_FIELD_INT, refuse_uint16},
    {"weightDevice", QUILT_FIELD_ARRAY, read_ios, .fields = weight_fields},
    {"throttleReadBpsDevice", QUILT_FIELD_ARRAY, read_ios, .fields = throttle_fields},
    {"throttleWriteBpsDevice", QUILT_FIELD_ARRAY, read_ios, .fields = throttle_fields},
    {"throttleReadIOPSDevice", QUILT_FIELD_ARRAY, read_ios, .fields = throttle_fields},
    {"throttleWriteIOPSDevice", QUILT_FIELD_ARRAY, read_ios, .fields = throttle_fields},
    {NULL},
};

#define RDMA(name) .offset = G_STRUCT_OFFSET (QuiltOciRdma, name)

static const QuiltField rdma_fields[] = {
    {"hcaHandles", QUILT_FIELD_INT, read_uint32, RDMA (handles)},
    {"hcaObjects", QUILT_FIELD_INT, read_uint32, RDMA (objects)},
    {NULL},
};

/* Reads an object whose keys are device names. These become words of a line for the kernel. */
static gboolean
read_rdma (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltOciResources *resources = target;

  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);
    QuiltOciRdma rdma = {NULL, QUILT_OCI_UNSET, QUILT_OCI_UNSET};

    if (!*key || strpbrk (key, " \t\n\r\v\f="))
      return quilt_oci_refuse (error, here, "must be the name of a device");
    if (!quilt_json_read (rdma_fields, item, here, &rdma, error))
      return FALSE;
    rdma.name = g_strdup (key);
    g_array_append_val (resources->rdma, rdma);
  }
  return TRUE;
}

/* Whether name is a limit, CONTROLLER.FILE. Of the files cgroup.*, only two are limits; the others
 * move, freeze, kill or delegate, and belong to the runtime. */
static gboolean
is_limit_file (const char *name)
{
  const char *dot = strchr (name, '.');

  if (!dot || dot == name || !dot[1] || strchr (name, '/'))
    return FALSE;
  return !g_str_has_prefix (name, "cgroup.") || strcmp (name, "cgroup.max.depth") == 0 ||
         strcmp (name, "cgroup.max.descendants") == 0;
}

static gboolean
read_unified (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltOciResources *resources = target;

  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);

    if (!is_limit_file (key))
      return quilt_oci_refuse (error, here,
                               "must be the name of a cgroup's file, such as 'memory.high'");
    if (!json_object_is_type (item, json_type_string))
      return quilt_oci_refuse (error, here, "must be a string");
    g_hash_table_insert (resources->unified, g_strdup (key),
                         g_strdup (json_object_get_string (item)));
  }
  return TRUE;
}

static const QuiltField priority_fields[] = {
    QUILT_OCI_IGNORED ("name", QUILT_FIELD_STRING, "only the priority has an effect"),
    {"priority", QUILT_FIELD_INT, refuse_uint32},
    {NULL},
};

static gboolean
read_priority (json_object *item, const char *path, void *target, GError **error)
{
  return quilt_json_read (priority_fields, item, path, target, error);
}

static gboolean
read_priorities (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  return quilt_oci_read_each (value, path, read_priority, target, error);
}

static const QuiltField network_fields[] = {
    {"classID", QUILT_FIELD_INT, refuse_uint32},
    {"priorities", QUILT_FIELD_ARRAY, read_priorities, .fields = priority_fields},
    {NULL}};

static gboolean
read_pages (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  return quilt_oci_read_each (value, path, read_page, target, error);
}

static gboolean
read_devices (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  return quilt_oci_read_each (value, path, read_device, target, error);
}

static gboolean
read_object (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  return quilt_json_read (field->fields, value, path, target, error);
}

const QuiltField quilt_oci_resources_fields[] = {
    {"devices", QUILT_FIELD_ARRAY, read_devices, .fields = device_fields},
    {"memory", QUILT_FIELD_OBJECT, read_object, .fields = memory_fields},
    {"cpu", QUILT_FIELD_OBJECT, read_object, .fields = cpu_fields},
    {"pids", QUILT_FIELD_OBJECT, read_object, .fields = pids_fields},
    {"blockIO", QUILT_FIELD_OBJECT, read_object, .fields = io_fields},
    {"hugepageLimits", QUILT_FIELD_ARRAY, read_pages, .fields = page_fields},
    {"network", QUILT_FIELD_OBJECT, read_object, .fields = network_fields},
    {"rdma", QUILT_FIELD_OBJECT, read_rdma, .fields = rdma_fields, .by_name = TRUE},
    {"unified", QUILT_FIELD_OBJECT, read_unified},
    {NULL},
};

QuiltOciResources *
quilt_oci_resources_read (json_object *object, const char *path, GError **error)
{
  g_autoptr (QuiltOciResources) resources = quilt_oci_resources_new ();

  if (!quilt_json_read (quilt_oci_resources_fields, object, path, resources, error))
    return NULL;
  return g_steal_pointer (&resources);
}

QuiltOciResources *
quilt_oci_resources_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, RESOURCES_MAX, error);

  return object ? quilt_oci_resources_read (object, "", error) : NULL;
}

QuiltOciResources *
quilt_oci_resources_parse_lenient (const char *data,
                                   gsize length,
                                   char **ret_unknown,
                                   GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, RESOURCES_MAX, error);

  if (!object)
    return NULL;
  *ret_unknown = quilt_oci_prune (quilt_oci_resources_fields, object, "");
  return quilt_oci_resources_read (object, "", error);
}

gboolean
quilt_oci_read_resources (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  QuiltOciResources *resources = quilt_oci_resources_read (value, path, error);

  if (resources)
    *(QuiltOciResources **)member = resources;
  return resources != NULL;
}
