/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions of exec and copy about a container. */
#include "daemon/sessions/check.h"

#include "base/error.h"
#include "systemd/cgroup.h"
#include "systemd/freezer.h"

static gboolean
check_thawed (const QuiltContainer *container, GError **error)
{
  const char *place = quilt_container_get_place (container);
  g_autofree char *scope = quilt_scope_path (place);

  if (quilt_scope_is_paused (place, quilt_container_get_record (container)->id)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Container '%s' is paused while it is committed: try again when that is done",
                 quilt_container_get_name (container));
    return FALSE;
  }
  if (!quilt_freezer_is_frozen (scope))
    return TRUE;
  g_set_error (
      error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
      "Container '%s' is paused: its scope, or a slice above it, is frozen (systemctl thaw)",
      quilt_container_get_name (container));
  return FALSE;
}

gboolean
quilt_session_check_runs (const QuiltContainer *container, const char *name, GError **error)
{
  const char *current = quilt_container_get_name (container);

  if (!g_str_equal (current, name)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY, "Container '%s' was renamed: try again",
                 name);
    return FALSE;
  }
  if (quilt_container_get_state (container) == QUILT_STATE_RUNNING &&
      quilt_container_get_pid (container) > 0)
    return check_thawed (container, error);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Container '%s' is %s; commands can be executed in a container that is running",
               current, quilt_state_to_string (quilt_container_get_state (container)));
  return FALSE;
}

gboolean
quilt_session_is_of_root (const QuiltContainer *container)
{
  const char *user = quilt_container_get_record (container)->options->user;

  return !user || !*user || g_str_equal (user, "0") || g_str_equal (user, "root");
}
