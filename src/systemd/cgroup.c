/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd's units have their cgroups. */
#include "systemd/cgroup.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

/* Where PID 1 has its cgroups: beside its own, which is init.scope. */
char *
quilt_slice_path (void)
{
  static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  g_autofree char *text = NULL;
  g_autofree char *root = NULL;
  const char *mount = mounts[0];

  for (guint i = 0; i < G_N_ELEMENTS (mounts); i++) {
    struct statfs fs;

    if (statfs (mounts[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
      mount = mounts[i];
  }
  if (g_file_get_contents ("/proc/1/cgroup", &text, NULL, NULL)) {
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

    for (char **line = lines; *line; line++)
      if (g_str_has_prefix (*line, "0::/"))
        root = g_strdup (*line + strlen ("0::"));
  }
  if (root && g_str_has_suffix (root, "/init.scope"))
    root[strlen (root) - strlen ("/init.scope")] = '\0';
  return g_build_filename (mount, root ? root : "", "quilt.slice", NULL);
}

char *
quilt_scope_path (const char *scope)
{
  g_autofree char *slice = quilt_slice_path ();

  return g_build_filename (slice, scope, NULL);
}

char *
quilt_cgroup_controllers (void)
{
  g_autofree char *slice = quilt_slice_path ();
  g_autofree char *root = g_path_get_dirname (slice);
  g_autofree char *path = g_build_filename (root, "cgroup.controllers", NULL);
  char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("");
  return g_strchomp (text);
}
