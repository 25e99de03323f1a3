/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of a container: its scope and the parts of that. */
#include "cgroup/scope.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/make.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"

#include <string.h>

#define SESSION "session-"

char *
quilt_scope_name_session (const char *id)
{
  return g_strconcat (SESSION, id, NULL);
}

gboolean
quilt_scope_is_session (const char *part)
{
  return g_str_has_prefix (part, SESSION);
}

gboolean
quilt_scope_is_contained (const char *part)
{
  return strcmp (part, QUILT_SCOPE_PAYLOAD) == 0 || quilt_scope_is_session (part);
}

static gboolean
is_scope (const char *scope)
{
  return scope[0] == '/' && scope[1] != '\0';
}

char *
quilt_scope_find_part (const char *scope, const char *cgroup)
{
  const gsize length = strlen (scope);

  if (!is_scope (scope) || strncmp (cgroup, scope, length) != 0 || cgroup[length] != '/')
    return NULL;
  cgroup += length + 1;
  return g_strndup (cgroup, strcspn (cgroup, "/"));
}

gboolean
quilt_scope_has_process (const char *scope, const char *part, pid_t pid)
{
  g_autofree char *cgroup = quilt_cgroup_of (pid);
  g_autofree char *found = cgroup ? quilt_scope_find_part (scope, cgroup) : NULL;

  return g_strcmp0 (found, part) == 0;
}

int
quilt_scope_join (const char *scope, const char *id, pid_t first, GError **error)
{
  g_autofd int fd = is_scope (scope) ? quilt_cgroup_open (scope) : -1;
  g_autofree char *mark = fd < 0 ? NULL : quilt_cgroup_get_mark (fd);

  if (g_strcmp0 (mark, id) != 0 || !quilt_scope_has_process (scope, QUILT_SCOPE_PAYLOAD, first)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                         "The container has just stopped");
    return -1;
  }
  return quilt_scope_has_process (scope, QUILT_SCOPE_SUPERVISOR, 0) ||
                 quilt_cgroup_enter (fd, QUILT_SCOPE_SUPERVISOR, 0, error)
             ? g_steal_fd (&fd)
             : -1;
}
