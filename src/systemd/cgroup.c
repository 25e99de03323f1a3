/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of systemd's units. */
#include "systemd/cgroup.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/pause.h"
#include "cgroup/scope.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"
#include "spec/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* PID 1 is in init.scope. The cgroups of units are beside that. */
static char *
find_slice (void)
{
  g_autofree char *root = quilt_cgroup_of (1);

  if (root && g_str_has_suffix (root, "/init.scope"))
    root[strlen (root) - strlen ("/init.scope")] = '\0';
  return g_build_filename (root && *root ? root : "/", QUILT_SLICE, NULL);
}

/* PID 1 never moves, so it is asked once. */
static const char *
get_slice (void)
{
  static char *slice;

  if (g_once_init_enter (&slice))
    g_once_init_leave (&slice, find_slice ());
  return slice;
}

char *
quilt_slice_path (void)
{
  return g_build_filename (quilt_cgroup_mount (), get_slice (), NULL);
}

char *
quilt_scope_path (const char *place)
{
  g_autofree char *slice = quilt_slice_path ();

  return g_build_filename (slice, place, NULL);
}

char *
quilt_scope_cgroup (const char *place)
{
  return g_build_filename (get_slice (), place, NULL);
}

int
quilt_scope_open_supervisor (const char *place)
{
  g_autofree char *scope = quilt_scope_path (place);
  g_autofree char *path = g_build_filename (scope, QUILT_SCOPE_SUPERVISOR, NULL);

  return open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Called after a system call on a scope's cgroup has failed. Returns TRUE if the cgroup does not
 * exist. */
static gboolean
is_gone (const char *place, GError **error)
{
  return quilt_cgroup_is_gone (errno) ||
         quilt_set_error_errno (error, errno, "Failed to look at the cgroup of '%s'",
                                quilt_place_unit (place));
}

/* Opens the cgroup of a scope. *ret_fd is -1 if there is none. *ret_id is NULL if it has no
 * mark. */
static gboolean
open_scope (const char *place, int *ret_fd, char **ret_id, GError **error)
{
  g_autofree char *path = quilt_scope_path (place);
  g_autofd int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *id = fd >= 0 ? quilt_cgroup_get_mark (fd) : NULL;

  if (fd < 0 || (!id && errno != ENODATA)) {
    if (!is_gone (place, error))
      return FALSE;
    quilt_fd_clear (&fd);
  }
  *ret_fd = g_steal_fd (&fd);
  *ret_id = g_steal_pointer (&id);
  return TRUE;
}

int
quilt_scope_open (const char *place, const char *id)
{
  g_autofree char *mark = NULL;
  g_autofd int fd = -1;

  if (!open_scope (place, &fd, &mark, NULL) || g_strcmp0 (mark, id) != 0)
    return -1;
  return g_steal_fd (&fd);
}

void
quilt_scope_end_pause (int scope_fd)
{
  quilt_cgroup_pause_undo (scope_fd);
}

gboolean
quilt_scope_is_paused (const char *place, const char *id)
{
  g_autofd int fd = quilt_scope_open (place, id);

  return fd >= 0 && quilt_cgroup_is_paused (fd);
}

void
quilt_scope_kill_session (const char *place, const char *id, const char *session)
{
  g_autofree char *name = quilt_scope_name_session (session);
  g_autofd int scope = quilt_scope_open (place, id);
  g_autofd int fd = scope >= 0 ? openat (scope, name, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

  if (fd >= 0)
    quilt_cgroup_kill (fd);
}

gboolean
quilt_scope_belongs_to (const char *place, const char *id, gboolean *ret_belongs, GError **error)
{
  g_autofree char *mark = NULL;
  g_autofd int fd = -1;
  int populated = 1;

  if (!open_scope (place, &fd, &mark, error))
    return FALSE;
  if (fd >= 0 && !mark)
    populated = quilt_cgroup_is_populated (fd);
  if (populated < 0)
    return quilt_set_error_errno (error, errno, "Failed to look for processes in '%s'",
                                  quilt_place_unit (place));
  *ret_belongs = mark ? strcmp (mark, id) == 0 : !populated;
  return TRUE;
}

gboolean
quilt_scope_kill (const char *place, const char *id, GError **error)
{
  g_autofree char *mark = NULL;
  g_autofd int fd = -1;

  if (!open_scope (place, &fd, &mark, error))
    return FALSE;
  if (g_strcmp0 (mark, id) != 0)
    return TRUE;
  if (quilt_cgroup_kill (fd) || quilt_cgroup_is_gone (errno))
    return TRUE;
  return quilt_set_error_errno (error, errno, "Failed to kill the processes of '%s'",
                                quilt_place_unit (place));
}

static gboolean
add_scopes (const char *slice, GHashTable *scopes, GError **error)
{
  g_autofree char *path = quilt_scope_path (slice);
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local);
  const char *name;

  if (!dir && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *place = g_build_filename (slice, name, NULL);

    if (g_str_has_suffix (name, ".slice") && !add_scopes (place, scopes, error))
      return FALSE;
    if (g_str_has_suffix (name, ".scope"))
      g_hash_table_insert (scopes, g_strdup (name), g_steal_pointer (&place));
  }
  return TRUE;
}

GHashTable *
quilt_scopes_list (GError **error)
{
  g_autoptr (GHashTable) scopes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return add_scopes ("", scopes, error) ? g_steal_pointer (&scopes) : NULL;
}

gboolean
quilt_scopes_foreach (void (*callback) (const char *scope, const char *id, gpointer data),
                      gpointer data,
                      GError **error)
{
  g_autoptr (GHashTable) scopes = quilt_scopes_list (error);
  g_autoptr (GError) first = NULL;
  GHashTableIter iter;
  const char *scope, *place;

  if (!scopes)
    return FALSE;
  g_hash_table_iter_init (&iter, scopes);
  while (g_hash_table_iter_next (&iter, (gpointer *)&scope, (gpointer *)&place)) {
    g_autofree char *id = NULL;
    g_autofd int fd = -1;
    int populated = 0;

    if (open_scope (place, &fd, &id, first ? NULL : &first) && id)
      populated = quilt_cgroup_is_populated (fd);
    if (populated != 0) /* also if that is unknown */
      callback (scope, id, data);
  }
  if (!first)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

void
quilt_scopes_foreach_empty (void (*callback) (const char *place, gpointer data), gpointer data)
{
  g_autoptr (GHashTable) scopes = quilt_scopes_list (NULL);
  GHashTableIter iter;
  const char *scope, *place;

  if (!scopes)
    return;
  g_hash_table_iter_init (&iter, scopes);
  while (g_hash_table_iter_next (&iter, (gpointer *)&scope, (gpointer *)&place)) {
    g_autofree char *id = NULL;
    g_autofd int fd = -1;

    if (g_str_has_prefix (scope, "quilt-") && open_scope (place, &fd, &id, NULL) && fd >= 0 &&
        !id && quilt_cgroup_is_populated (fd) == 0)
      callback (place, data);
  }
}

char *
quilt_cgroup_controllers (void)
{
  g_autofree char *slice = quilt_slice_path ();
  g_autofree char *root = g_path_get_dirname (slice);
  char *text = quilt_cgroup_read_in (root, "cgroup.controllers");

  return text ? text : g_strdup ("");
}
