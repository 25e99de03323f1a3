/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resolves the paths of --device on this host. */
#include "daemon/host/devices.h"

#include "base/option-error.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define DEPTH_MAX 8
#define DEVICES_MAX 1024

typedef struct {
  const char *asked;
  const char *access;
  GArray *devices;
} Search;

static gboolean
refuse (const Search *search, const char *why, GError **error)
{
  return quilt_option_error_refuse (error, "devices", search->asked, why);
}

static gboolean
add (const Search *search, const struct stat *st, const char *path, GError **error)
{
  if (search->devices->len >= DEVICES_MAX)
    return refuse (search, "it has more than 1024 devices", error);
  quilt_devices_add (search->devices, g_strdup (path), S_ISBLK (st->st_mode) ? 'b' : 'c',
                     major (st->st_rdev), minor (st->st_rdev), st->st_mode, search->access);
  return TRUE;
}

/* Checks an entry in a directory of devices. A link to a device counts as a device
 * (/dev/serial/by-path has only links), unless a user other than root could have made it. */
static gboolean
look_at (const char *directory, const char *path, struct stat *ret_st)
{
  struct stat place;

  if (lstat (path, ret_st) < 0)
    return FALSE;
  if (!S_ISLNK (ret_st->st_mode))
    return TRUE;
  return stat (directory, &place) == 0 && place.st_uid == 0 && !(place.st_mode & 022) &&
         stat (path, ret_st) == 0 && !S_ISDIR (ret_st->st_mode);
}

/* Adds only devices; other files in such a directory are skipped. */
static gboolean
add_directory (
    const Search *search, const char *source, const char *path, guint depth, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (source, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *from = g_build_filename (source, name, NULL);
    g_autofree char *to = g_build_filename (path, name, NULL);
    struct stat st;

    if (!look_at (source, from, &st))
      continue;
    if (S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode)) {
      if (quilt_device_is_plain (to) && quilt_device_is_below_dev (to) &&
          !add (search, &st, to, error))
        return FALSE;
    } else if (S_ISDIR (st.st_mode) && depth < DEPTH_MAX &&
               !add_directory (search, from, to, depth + 1, error)) {
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
resolve (const QuiltDeviceRequest *request, GArray *devices, GError **error)
{
  const Search search = {request->source, request->access, devices};
  const char *path = request->destination;
  const guint before = devices->len;
  struct stat st;

  if (stat (request->source, &st) < 0)
    return refuse (&search, g_strerror (errno), error);
  if (S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode))
    return g_str_equal (path, "/dev") ? refuse (&search, "/dev is a directory", error)
                                      : add (&search, &st, path, error);
  if (!S_ISDIR (st.st_mode))
    return refuse (&search, "it is neither a device nor a directory of devices", error);
  if (!add_directory (&search, request->source, path, 0, error))
    return FALSE;
  return devices->len > before || refuse (&search, "it is a directory without devices", error);
}

gboolean
quilt_devices_resolve (const QuiltOptions *options, GArray *devices, GError **error)
{
  for (gsize i = 0; i < quilt_entries_count (options->devices); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (options->devices, i);
    QuiltDeviceRequest request;

    if (!quilt_device_read ("devices", entry, &request, error) ||
        !resolve (&request, devices, error))
      return FALSE;
  }
  return TRUE;
}
