/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of paths for mounts: on the host, and in a container. */
#include "spec/place.h"

#include <limits.h>
#include <string.h>

/* File systems of the kernel, the container's own procfs and sysfs, and Quilt's /dev. No mount may
 * be on them or below them; below /dev it may. */
static const char *const taken[] = {"/dev", "/dev/pts", "/dev/mqueue", "/proc", "/sys"};

const char *
quilt_path_refusal (const char *path)
{
  if (*path != '/' || strlen (path) >= PATH_MAX)
    return "must be an absolute path of at most 4095 bytes";
  if (path[1] == '\0')
    return NULL;
  for (const char *p = path; *p;) {
    gsize length = strcspn (p + 1, "/");

    if (length == 0 || (length == 1 && p[1] == '.') || (length == 2 && p[1] == '.' && p[2] == '.'))
      return "its path must have no '//', '.' and '..', nor end with '/'";
    p += length + 1;
  }
  return NULL;
}

const char *
quilt_place_refusal (const char *path)
{
  const char *why = quilt_path_refusal (path);

  if (*path != '/')
    return "the path in the container must be absolute";
  if (why)
    return why;
  if (path[1] == '\0')
    return "it is the root file system, which comes from the image";
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++) {
    gsize length = strlen (taken[i]);

    if (strncmp (path, taken[i], length) == 0 &&
        (path[length] == '\0' || (path[length] == '/' && i > 0)))
      return "the kernel provides what is there, and no mount may cover it";
  }
  return NULL;
}
