/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.devices of the OCI configuration: config-linux.md#devices. */
#include "spec/oci/private.h"

#include "base/error.h"
#include "spec/options/devices.h"

#include <string.h>

typedef struct {
  char *type, *path;
  gint64 major, minor, mode;
  guint64 uid, gid;
} Device;

#define DEVICE(name) .offset = G_STRUCT_OFFSET (Device, name)

const QuiltField quilt_oci_device_fields[] = {
    {"type", QUILT_FIELD_STRING, quilt_field_string, DEVICE (type)},
    {"path", QUILT_FIELD_STRING, quilt_oci_read_absolute, DEVICE (path)},
    {"major", QUILT_FIELD_INT, quilt_field_int64, DEVICE (major)},
    {"minor", QUILT_FIELD_INT, quilt_field_int64, DEVICE (minor)},
    {"fileMode", QUILT_FIELD_INT, quilt_field_int64, DEVICE (mode)},
    {"uid", QUILT_FIELD_INT, quilt_field_uint64, DEVICE (uid)},
    {"gid", QUILT_FIELD_INT, quilt_field_uint64, DEVICE (gid)},
    {NULL},
};

static gboolean
is_place (const char *path)
{
  gboolean in_dev = strcmp (path, "/dev") == 0 || g_str_has_prefix (path, "/dev/");

  return quilt_device_is_plain (path) && strcmp (path, "/dev") != 0 &&
         (!in_dev || quilt_device_is_below_dev (path));
}

static gboolean
check_device (const Device *device, const char *path, GError **error)
{
  if (!quilt_oci_require (device->type, path, "type", error) ||
      !quilt_oci_require (device->path, path, "path", error))
    return FALSE;
  if (strcmp (device->type, "c") != 0 && strcmp (device->type, "u") != 0 &&
      strcmp (device->type, "b") != 0 && strcmp (device->type, "p") != 0)
    return quilt_oci_refuse (error, path, "its type must be 'c', 'u', 'b' or 'p'");
  if (!is_place (device->path))
    return quilt_oci_refuse (error, path,
                             "its path must not contain '.', '..' or '//', nor name what every "
                             "container has in /dev (pts, shm, fd …)");
  /* The kernel has 12 bits for major and 20 bits for minor numbers. */
  if (*device->type != 'p' &&
      (device->major < 0 || device->major > 0xfff || device->minor < 0 || device->minor > 0xfffff))
    return quilt_oci_refuse (error, path, "needs major (0 to 4095) and minor (0 to 1048575)");
  if (device->mode < 0 || (device->mode & 07777) > 0777)
    return quilt_oci_refuse (error, path, "its fileMode must be permissions alone");
  if (device->uid >= G_MAXUINT32 || device->gid >= G_MAXUINT32)
    return quilt_oci_refuse (error, path, "its uid and gid must be at most 4294967294");
  return TRUE;
}

static gboolean
read_device (json_object *item, const char *path, void *devices, GError **error)
{
  Device device = {.major = -1, .minor = -1, .mode = 0666};
  gboolean ok = quilt_json_read (quilt_oci_device_fields, item, path, &device, error) &&
                check_device (&device, path, error);

  if (ok) {
    gboolean is_fifo = *device.type == 'p';

    quilt_devices_add (devices, g_steal_pointer (&device.path),
                       *device.type == 'u' ? 'c' : *device.type,
                       is_fifo ? 0 : (guint32)device.major, is_fifo ? 0 : (guint32)device.minor,
                       (guint32)device.mode, "");
    quilt_devices_own (devices, (guint32)device.uid, (guint32)device.gid);
  }
  g_free (device.type);
  g_free (device.path);
  return ok;
}

gboolean
quilt_oci_read_devices (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_device, *(GArray **)member, error);
}

void
quilt_oci_print_devices (const QuiltSpec *spec, json_object *linux_object)
{
  json_object *array;

  if (spec->devices->len == 0)
    return;
  array = json_object_new_array ();
  for (guint i = 0; i < spec->devices->len; i++) {
    const QuiltDevice *device = &g_array_index (spec->devices, QuiltDevice, i);
    const char type[] = {device->type, '\0'};
    json_object *item = json_object_new_object ();

    json_object_object_add (item, "type", json_object_new_string (type));
    json_object_object_add (item, "path", json_object_new_string (device->path));
    json_object_object_add (item, "major", json_object_new_uint64 (device->major));
    json_object_object_add (item, "minor", json_object_new_uint64 (device->minor));
    json_object_object_add (item, "fileMode", json_object_new_uint64 (device->mode));
    if (device->uid || device->gid) {
      json_object_object_add (item, "uid", json_object_new_uint64 (device->uid));
      json_object_object_add (item, "gid", json_object_new_uint64 (device->gid));
    }
    json_object_array_add (array, item);
  }
  json_object_object_add (linux_object, "devices", array);
}
