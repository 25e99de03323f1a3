/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hooks that run in the namespaces of quilt-oci itself. */
#include "oci/hooks.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/hook.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
quilt_oci_hooks_new_state (GError **error)
{
  int fd = memfd_create ("quilt-state", MFD_CLOEXEC);

  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make a file in memory");
  return fd;
}

gboolean
quilt_oci_hooks_fill_state (int state_fd,
                            const QuiltOciContainer *container,
                            const QuiltSpec *spec,
                            QuiltOciStatus status,
                            GError **error)
{
  g_autofree char *text = quilt_oci_container_print_state (container, spec, status);

  return quilt_fd_write_all (state_fd, text, strlen (text)) ||
         quilt_set_error_errno (error, errno, "Failed to write the state for hooks");
}

gboolean
quilt_oci_hooks_run (const GPtrArray *hooks,
                     const char *kind,
                     int state_fd,
                     const QuiltHookChild *child,
                     GError **error)
{
  QuiltHookResult result;

  for (guint i = 0; i < hooks->len; i++) {
    const QuiltHook *hook = hooks->pdata[i];

    if (!quilt_hook_run (hook, state_fd, environ, child, &result)) {
      quilt_hook_to_error (&result, kind, hook->path, error);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
quilt_oci_hooks_run_all (const GPtrArray *hooks,
                         const char *kind,
                         const QuiltOciContainer *container,
                         const QuiltSpec *spec,
                         QuiltOciStatus status,
                         GError **error)
{
  g_autofd int state_fd = -1;
  QuiltHookResult result;
  gboolean ok = TRUE;

  if (hooks->len == 0)
    return TRUE;
  state_fd = quilt_oci_hooks_new_state (error);
  if (state_fd < 0 || !quilt_oci_hooks_fill_state (state_fd, container, spec, status, error))
    return FALSE;
  for (guint i = 0; i < hooks->len; i++) {
    const QuiltHook *hook = hooks->pdata[i];

    if (quilt_hook_run (hook, state_fd, environ, NULL, &result))
      continue;
    if (!ok)
      g_clear_error (error);
    quilt_hook_to_error (&result, kind, hook->path, error);
    ok = FALSE;
  }
  return ok;
}
