/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of the host that a container gets in addition to the usual ones. */
#include "spec/options/devices.h"

#include "base/option-error.h"
#include "spec/options/texts.h"

#include <string.h>

const QuiltShape quilt_device_shape = {
    "a(sss)",
    {QUILT_SHAPE_STRING (0, "source"), QUILT_SHAPE_STRING (1, "destination"),
     QUILT_SHAPE_STRING (2, "access")},
    quilt_device_from_text,
};

static void
clear_device (gpointer data)
{
  QuiltDevice *device = data;

  g_free (device->path);
}

GArray *
quilt_devices_new (void)
{
  GArray *devices = g_array_new (FALSE, TRUE, sizeof (QuiltDevice));

  g_array_set_clear_func (devices, clear_device);
  return devices;
}

void
quilt_devices_add (GArray *devices,
                   char *path,
                   char type,
                   guint32 major,
                   guint32 minor,
                   guint32 mode,
                   const char *access)
{
  QuiltDevice device = {
      .path = path, .type = type, .major = major, .minor = minor, .mode = mode & 0777};

  g_strlcpy (device.access, access, sizeof device.access);
  g_array_append_val (devices, device);
}

void
quilt_devices_own (GArray *devices, guint32 uid, guint32 gid)
{
  QuiltDevice *last = &g_array_index (devices, QuiltDevice, devices->len - 1);

  last->uid = uid;
  last->gid = gid;
}

gboolean
quilt_device_is_plain (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  if (*path != '/' || strlen (path) >= 4096)
    return FALSE;
  for (char **part = parts + 1; *part; part++)
    if (!**part || g_str_equal (*part, ".") || g_str_equal (*part, ".."))
      return FALSE;
  return TRUE;
}

/* In these places the container has its own file systems or links, so no node can be made there. */
gboolean
quilt_device_is_below_dev (const char *path)
{
  static const char *const taken[] = {
      "/dev/pts",    "/dev/shm",    "/dev/mqueue", "/dev/fd",   "/dev/stdin",
      "/dev/stdout", "/dev/stderr", "/dev/ptmx",   "/dev/core",
  };

  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    if (g_str_has_prefix (path, taken[i]) &&
        (path[strlen (taken[i])] == '/' || !path[strlen (taken[i])]))
      return FALSE;
  return g_str_equal (path, "/dev") || g_str_has_prefix (path, "/dev/");
}

static gboolean
is_access (const char *text)
{
  gsize length = strlen (text);

  if (length < 1 || length > 3 || strspn (text, "rwm") != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (strchr (text + i + 1, text[i]))
      return FALSE;
  return TRUE;
}

gboolean
quilt_device_read (const char *key,
                   GVariant *entry,
                   QuiltDeviceRequest *ret_request,
                   GError **error)
{
  static const char not_plain[] = "must be an absolute path, without '.', '..' and '//'";
  QuiltDeviceRequest request;

  g_variant_get (entry, "(&s&s&s)", &request.source, &request.destination, &request.access);
  if (!*request.destination)
    request.destination = request.source;
  if (!*request.access)
    request.access = "rwm";
  if (!quilt_device_is_plain (request.source))
    return quilt_option_error_refuse (error, key, request.source, not_plain);
  if (!quilt_device_is_plain (request.destination))
    return quilt_option_error_refuse (error, key, request.destination, not_plain);
  if (!quilt_device_is_below_dev (request.destination))
    return quilt_option_error_refuse (error, key, request.destination,
                                      "its path in the container must be below /dev, and not one "
                                      "that every container has there (pts, shm, fd …)");
  if (!is_access (request.access))
    return quilt_option_error_refuse (error, key, request.access,
                                      "the access must consist of the letters r, w and m");
  *ret_request = request;
  return TRUE;
}

gboolean
quilt_devices_check (const char *key, GVariant *devices, GError **error)
{
  for (gsize i = 0; i < quilt_entries_count (devices); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (devices, i);
    QuiltDeviceRequest request;

    if (!quilt_device_read (key, entry, &request, error))
      return FALSE;
  }
  return TRUE;
}
