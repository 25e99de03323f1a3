/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frozen scopes and slices; `systemctl freeze`, and cgroup.freeze in the kernel's cgroup-v2.rst. */
#include "systemd/cgroup.h"
#include "systemd/internal.h"

static gboolean
is_frozen (const char *cgroup)
{
  g_autofree char *path = g_build_filename (cgroup, "cgroup.freeze", NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && *text == '1';
}

gboolean
quilt_systemd_slice_is_frozen (void)
{
  g_autofree char *path = quilt_slice_path ();

  return is_frozen (path);
}

gboolean
quilt_systemd_thaw_scope (QuiltSystemd *self, const char *unit)
{
  g_autofree char *slice = quilt_slice_path ();
  g_autofree char *path = g_build_filename (slice, unit, NULL);
  gboolean frozen = is_frozen (path);

  if (frozen)
    quilt_systemd_call (self, "ThawUnit", g_variant_new ("(s)", unit), NULL, NULL, NULL, NULL);
  return frozen || is_frozen (slice);
}
