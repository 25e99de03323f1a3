/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frozen scopes and slices; `systemctl freeze`, and cgroup.freeze in the kernel's cgroup-v2.rst. */
#include "spec/slice.h"
#include "systemd/cgroup.h"
#include "systemd/internal.h"

#include <string.h>

static gboolean
is_frozen (const char *cgroup)
{
  g_autofree char *path = g_build_filename (cgroup, "cgroup.freeze", NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && *text == '1';
}

/* The outermost, since a thaw of that goes on to those below. */
char *
quilt_systemd_find_frozen_slice (const char *place)
{
  g_autofree char *path = quilt_scope_path (place);
  char *found = NULL;

  do {
    *strrchr (path, '/') = '\0';
    if (is_frozen (path)) {
      g_free (found);
      found = g_path_get_basename (path);
    }
  } while (!g_str_has_suffix (path, "/" QUILT_SLICE));
  return found;
}

gboolean
quilt_systemd_thaw_scope (QuiltSystemd *self, const char *place)
{
  g_autofree char *path = quilt_scope_path (place);
  g_autofree char *slice = quilt_systemd_find_frozen_slice (place);
  gboolean frozen = is_frozen (path);

  if (frozen)
    quilt_systemd_call (self, "ThawUnit", g_variant_new ("(s)", quilt_place_unit (place)), NULL,
                        NULL, NULL, NULL);
  return frozen || slice;
}
