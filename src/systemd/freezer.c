/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frozen scopes and slices; `systemctl freeze`, and cgroup.freeze in the kernel's cgroup-v2.rst. */
#include "systemd/freezer.h"

#include "cgroup/file.h"
#include "spec/slice.h"
#include "systemd/cgroup.h"

#include <string.h>

gboolean
quilt_freezer_is_frozen (const char *cgroup)
{
  g_autofree char *text = quilt_cgroup_read_in (cgroup, "cgroup.freeze");

  return text && *text == '1';
}

/* Finds the outermost slice, since thawing it also thaws those below. */
char *
quilt_freezer_find_slice (const char *place)
{
  g_autofree char *path = quilt_scope_path (place);
  char *found = NULL;

  do {
    *strrchr (path, '/') = '\0';
    if (quilt_freezer_is_frozen (path)) {
      g_free (found);
      found = g_path_get_basename (path);
    }
  } while (!g_str_has_suffix (path, "/" QUILT_SLICE));
  return found;
}
