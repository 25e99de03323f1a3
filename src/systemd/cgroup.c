/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd's units have their cgroups. */
#include "systemd/cgroup.h"

#include "base/cgroupfs.h"
#include "base/error.h"
#include "base/fd.h"
#include "spec/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

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
quilt_scope_path (const char *place)
{
  g_autofree char *slice = quilt_slice_path ();

  return g_build_filename (slice, place, NULL);
}

/* Opens the cgroup of a scope that has Quilt's mark; -1: there is none. */
static int
open_scope (const char *place, char **ret_id)
{
  g_autofree char *path = quilt_scope_path (place);
  g_autofd int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  *ret_id = fd >= 0 ? quilt_cgroupfs_get_mark (fd) : NULL;
  return *ret_id ? g_steal_fd (&fd) : -1;
}

static gboolean
is_populated (int fd)
{
  g_autofd int events_fd = openat (fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
  char text[256];
  ssize_t n = events_fd >= 0 ? read (events_fd, text, sizeof text - 1) : 0;

  text[MAX (n, 0)] = '\0';
  return strstr (text, "populated 1") != NULL;
}

gboolean
quilt_scope_belongs_to (const char *place, const char *id)
{
  g_autofree char *path = quilt_scope_path (place);
  g_autofd int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *mark = fd >= 0 ? quilt_cgroupfs_get_mark (fd) : NULL;

  return fd >= 0 && (mark ? strcmp (mark, id) == 0 : !is_populated (fd));
}

gboolean
quilt_scope_kill (const char *place, const char *id, GError **error)
{
  g_autofree char *mark = NULL;
  g_autofd int fd = open_scope (place, &mark);
  g_autofd int kill_fd = -1;

  if (fd < 0 || strcmp (mark, id) != 0)
    return TRUE;
  kill_fd = openat (fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
  if ((kill_fd >= 0 && quilt_fd_write_all (kill_fd, "1", 1)) || errno == ENOENT || errno == ENODEV)
    return TRUE;
  return quilt_set_error_errno (error, errno, "Failed to kill the processes of '%s'",
                                quilt_place_unit (place));
}

static void
add_scopes (const char *slice, GHashTable *scopes)
{
  g_autofree char *path = quilt_scope_path (slice);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *place = g_build_filename (slice, name, NULL);

    if (g_str_has_suffix (name, ".slice"))
      add_scopes (place, scopes);
    else if (g_str_has_suffix (name, ".scope"))
      g_hash_table_insert (scopes, g_strdup (name), g_steal_pointer (&place));
  }
}

GHashTable *
quilt_scopes_list (void)
{
  GHashTable *scopes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  add_scopes ("", scopes);
  return scopes;
}

void
quilt_scopes_foreach (void (*callback) (const char *scope, const char *id, gpointer data),
                      gpointer data)
{
  g_autoptr (GHashTable) scopes = quilt_scopes_list ();
  GHashTableIter iter;
  const char *scope, *place;

  g_hash_table_iter_init (&iter, scopes);
  while (g_hash_table_iter_next (&iter, (gpointer *)&scope, (gpointer *)&place)) {
    g_autofree char *id = NULL;
    g_autofd int fd = open_scope (place, &id);

    if (fd >= 0 && is_populated (fd))
      callback (scope, id, data);
  }
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
