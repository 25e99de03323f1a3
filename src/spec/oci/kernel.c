/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small objects of "linux" in the OCI configuration: personality, timeOffsets, netDevices,
 * rootfsPropagation (config-linux.md). */
#include "spec/oci/private.h"

#include "base/error.h"
#include "base/text.h"

#include <net/if.h>
#include <string.h>
#include <sys/personality.h>

typedef struct {
  gint64 domain;
} Personality;

static gboolean
read_domain (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *name = json_object_get_string (value);
  gboolean is_32 = g_str_equal (name, "LINUX32");

  if (!is_32 && !g_str_equal (name, "LINUX"))
    return quilt_oci_refuse (error, path, "must be 'LINUX' or 'LINUX32'");
  *(gint64 *)member = is_32 ? PER_LINUX32 : PER_LINUX;
  return TRUE;
}

const QuiltField quilt_oci_personality_fields[] = {
    {"domain", QUILT_FIELD_STRING, read_domain, .offset = G_STRUCT_OFFSET (Personality, domain)},
    QUILT_OCI_UNSUPPORTED ("flags"), /* the specification has no flags yet */
    {NULL},
};

gboolean
quilt_oci_read_personality (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  Personality personality = {-1};

  if (json_object_object_length (value) == 0)
    return TRUE;
  if (!quilt_json_read (quilt_oci_personality_fields, value, path, &personality, error) ||
      !quilt_oci_require (personality.domain >= 0 ? "" : NULL, path, "domain", error))
    return FALSE;
  *(gint64 *)member = personality.domain;
  return TRUE;
}

#define OFFSET(name) .offset = G_STRUCT_OFFSET (QuiltTimeOffset, name)

static const QuiltField offset_fields[] = {
    {"secs", QUILT_FIELD_INT, quilt_field_int64, OFFSET (secs)},
    {"nanosecs", QUILT_FIELD_INT, quilt_field_int64, OFFSET (nanosecs)},
    {NULL},
};

static gboolean
read_offset (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  QuiltTimeOffset offset = {0};

  if (!quilt_json_read (offset_fields, value, path, &offset, error))
    return FALSE;
  if (offset.nanosecs < 0 || offset.nanosecs > 999999999)
    return quilt_oci_refuse (error, path, "its nanosecs must be 0 to 999999999");
  *(QuiltTimeOffset *)member = offset;
  return TRUE;
}

#define SPEC(name) .offset = G_STRUCT_OFFSET (QuiltSpec, name)

/* As in /proc/PID/timens_offsets: time_namespaces(7). */
const QuiltField quilt_oci_offsets_fields[] = {
    {"monotonic", QUILT_FIELD_OBJECT, read_offset, SPEC (monotonic), .fields = offset_fields},
    {"boottime", QUILT_FIELD_OBJECT, read_offset, SPEC (boottime), .fields = offset_fields},
    {NULL},
};

gboolean
quilt_oci_read_time_offsets (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_json_read (quilt_oci_offsets_fields, value, path, spec, error);
}

/* Checks the kernel's rules for interface names. */
static gboolean
is_interface (const char *name)
{
  gsize length = strlen (name);

  if (length == 0 || length >= IFNAMSIZ || g_str_equal (name, ".") || g_str_equal (name, ".."))
    return FALSE;
  for (; *name; name++)
    if (g_ascii_isspace (*name) || *name == '/' || *name == ':' || *name == '%')
      return FALSE;
  return TRUE;
}

/* For "%d", the kernel substitutes a free number. */
static gboolean
is_template (const char *name)
{
  return g_str_has_suffix (name, "%d");
}

static gboolean
is_new_interface (const char *name)
{
  g_autofree char *prefix = g_strdup (name);

  if (!is_template (name))
    return is_interface (name);
  prefix[strlen (prefix) - 2] = '\0';
  return strlen (name) < IFNAMSIZ && is_interface (prefix);
}

const QuiltField quilt_oci_net_device_fields[] = {
    {"name", QUILT_FIELD_STRING, quilt_field_string,
     .offset = G_STRUCT_OFFSET (QuiltNetDevice, new_name)},
    {NULL},
};

static gboolean
check_net_device (const GPtrArray *devices, const char *path, GError **error)
{
  const QuiltNetDevice *device = devices->pdata[devices->len - 1];
  const char *name = quilt_net_device_get_new_name (device);

  if (!is_interface (device->name) || !is_new_interface (name))
    return quilt_oci_refuse (error, path, "must be a valid name of a network interface");
  if (is_template (name))
    return TRUE;
  for (guint i = 0; i + 1 < devices->len; i++)
    if (g_str_equal (quilt_net_device_get_new_name (devices->pdata[i]), name))
      return quilt_oci_refuse (error, path, "another device has the same name in the container");
  return TRUE;
}

gboolean
quilt_oci_read_net_devices (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  GPtrArray *devices = *(GPtrArray **)member;

  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);
    QuiltNetDevice *device = g_new0 (QuiltNetDevice, 1);

    device->name = g_strdup (key);
    g_ptr_array_add (devices, device);
    if (!json_object_is_type (item, json_type_object))
      return quilt_oci_refuse (error, here, "must be an object");
    if (!quilt_json_read (quilt_oci_net_device_fields, item, here, device, error))
      return FALSE;
    if (device->new_name && !*device->new_name)
      g_clear_pointer (&device->new_name, g_free);
    if (!check_net_device (devices, here, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
quilt_oci_read_propagation (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  static const char *const names[] = {"shared", "slave",    "private",     "unbindable", "rshared",
                                      "rslave", "rprivate", "runbindable", "",           NULL};

  if (!g_strv_contains (names, json_object_get_string (value)))
    return quilt_oci_refuse (error, path,
                             "must be shared, slave, private or unbindable, or one of them with r");
  return json_object_get_string_len (value) == 0 ||
         quilt_field_string (field, value, path, member, error);
}

gboolean
quilt_oci_check_kernel (const QuiltSpec *spec, GError **error)
{
  if ((spec->monotonic.secs || spec->monotonic.nanosecs || spec->boottime.secs ||
       spec->boottime.nanosecs) &&
      !(spec->namespaces & QUILT_NS_TIME))
    return quilt_oci_refuse (error, "linux.timeOffsets", "needs a new namespace of type 'time'");
  if (spec->net_devices->len > 0 && !quilt_spec_leaves_host (spec, QUILT_NS_NETWORK))
    return quilt_oci_refuse (error, "linux.netDevices", "needs a namespace of type 'network'");
  return TRUE;
}

static void
print_offset (json_object *object, const char *key, const QuiltTimeOffset *offset)
{
  json_object *item;

  if (!offset->secs && !offset->nanosecs)
    return;
  item = json_object_new_object ();
  json_object_object_add (item, "secs", json_object_new_int64 (offset->secs));
  json_object_object_add (item, "nanosecs", json_object_new_int64 (offset->nanosecs));
  json_object_object_add (object, key, item);
}

static json_object *
print_net_devices (const GPtrArray *devices)
{
  json_object *object = json_object_new_object ();

  for (guint i = 0; i < devices->len; i++) {
    const QuiltNetDevice *device = devices->pdata[i];
    json_object *item = json_object_new_object ();

    quilt_oci_print_string (item, "name", device->new_name);
    json_object_object_add (object, device->name, item);
  }
  return object;
}

void
quilt_oci_print_kernel (const QuiltSpec *spec, json_object *linux_object)
{
  json_object *offsets = json_object_new_object ();
  json_object *personality;

  print_offset (offsets, "monotonic", &spec->monotonic);
  print_offset (offsets, "boottime", &spec->boottime);
  if (json_object_object_length (offsets) > 0)
    json_object_object_add (linux_object, "timeOffsets", offsets);
  else
    json_object_put (offsets);
  if (spec->net_devices->len > 0)
    json_object_object_add (linux_object, "netDevices", print_net_devices (spec->net_devices));
  quilt_oci_print_string (linux_object, "rootfsPropagation", spec->rootfs_propagation);
  if (spec->personality >= 0) {
    personality = json_object_new_object ();
    quilt_oci_print_string (personality, "domain",
                            spec->personality == PER_LINUX32 ? "LINUX32" : "LINUX");
    json_object_object_add (linux_object, "personality", personality);
  }
}
