/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of the host that a container has beside the usual ones. */
#include "spec/devices.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

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

static gboolean
refuse (GError **error, const char *key, const char *text, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to set option '%s' to '%s': %s", key, quoted, why);
  return FALSE;
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

/* Where the container has file systems of its own, a node would lie below them; and what is a link
 * there leads elsewhere. */
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
quilt_device_parse (const char *key,
                    const char *text,
                    char **ret_source,
                    char **ret_path,
                    char ret_access[4],
                    GError **error)
{
  g_auto (GStrv) parts = quilt_text_divide (text);
  guint n = g_strv_length (parts);
  const char *path = n > 1 ? parts[1] : n > 0 ? parts[0] : "";
  const char *access = n > 2 ? parts[2] : "rwm";

  /* As podman: the second may be what may be done. */
  if (n == 2 && is_access (path)) {
    access = path;
    path = parts[0];
  }
  if (n < 1 || n > 3)
    return refuse (error, key, text, "must be HOST[:CONTAINER[:ACCESS]]");
  if (!quilt_device_is_plain (parts[0]) || !quilt_device_is_plain (path))
    return refuse (error, key, text, "paths must be absolute and without '.', '..' and '//'");
  if (!quilt_device_is_below_dev (path))
    return refuse (
        error, key, text,
        "in the container it must be below /dev, and not what is there anyway (pts, shm, fd …)");
  if (!is_access (access))
    return refuse (error, key, text, "what may be done is of the letters r, w and m");
  if (ret_source)
    *ret_source = g_strdup (parts[0]);
  if (ret_path)
    *ret_path = g_strdup (path);
  if (ret_access)
    g_strlcpy (ret_access, access, 4);
  return TRUE;
}

gboolean
quilt_devices_check (const char *key, char **texts, GError **error)
{
  for (; texts && *texts; texts++)
    if (!quilt_device_parse (key, *texts, NULL, NULL, NULL, error))
      return FALSE;
  return TRUE;
}
