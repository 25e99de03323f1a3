/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* start: lets a created container execute its command. */
#include "oci/verbs/start.h"
#include "oci/cgroup/processes.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "oci/launch/hooks.h"
#include "oci/launch/listener.h"
#include "oci/launch/notify.h"
#include "oci/state/gate.h"
#include "runtime/reports.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>

static void
refuse_start (const QuiltOciContainer *container, QuiltOciStatus status, GError **error)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "cannot start container '%s': it is %s, not created", container->id,
               quilt_oci_status_to_name (status));
}

gboolean
quilt_oci_start_await (const QuiltOciContainer *container,
                       const QuiltSpec *spec,
                       QuiltPayload *payload,
                       GError **error)
{
  g_autofd int state_fd = -1;

  if (spec->start_container->len > 0 && !quilt_oci_hooks_await (payload->channel, error))
    return FALSE;
  if (!quilt_reports_await_command (payload, QUILT_OCI_LISTENER_TAKER (container, spec), error))
    return FALSE;
  if (spec->poststart->len == 0)
    return TRUE;
  state_fd = quilt_oci_hooks_new_state (error);
  return state_fd >= 0 &&
         quilt_oci_hooks_fill_state (state_fd, container, spec, QUILT_OCI_RUNNING, error) &&
         quilt_oci_hooks_run (spec->poststart, "poststart", state_fd, NULL, error);
}

/* Before a failed start is reported, the container must have ended: a process may wait for that,
 * perhaps for us. */
static void
end_all (QuiltOciContainer *container, int pid_fd)
{
  struct pollfd end = {pid_fd, POLLIN, 0};

  /* If a poststart hook failed, the command already runs and may have children. */
  quilt_oci_cgroup_kill_all (&container->cgroup, SIGKILL, NULL);
  if (pidfd_send_signal (pid_fd, SIGKILL, NULL, 0) == 0)
    poll (&end, 1, -1);
}

int
quilt_oci_start (QuiltOci *oci, GError **error)
{
  const GOptionEntry entries[] = {{NULL}};
  g_autoptr (QuiltOciContainer) container = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  g_autofd int notify_fd = -1;
  QuiltPayload payload = QUILT_PAYLOAD_NONE;
  QuiltOciStatus status;
  gboolean ok = FALSE;

  if (!quilt_oci_parse (oci, entries, "ID", "Starts the command of a created container.", FALSE, 1,
                        1, error))
    return -1;
  container = quilt_oci_container_open (oci, oci->argv[1], TRUE, error);
  if (!container)
    return -1;
  status = quilt_oci_container_get_status (container);
  if (status != QUILT_OCI_CREATED)
    return refuse_start (container, status, error), -1;
  spec = quilt_oci_container_read_spec (container, error);
  payload.pid_fd = quilt_oci_container_open_pid (container);
  if (spec && quilt_oci_notify_listen (container, &notify_fd, error))
    payload.channel = quilt_oci_gate_connect (container->dir_fd, container->id, error);
  if (payload.channel >= 0) {
    ok = quilt_oci_start_await (container, spec, &payload, error);
    if (!ok) {
      end_all (container, payload.pid_fd);
    } else if (notify_fd >= 0) {
      quilt_oci_container_unlock (
          container); /* so that another process can kill it while we wait */
      quilt_oci_notify_await (notify_fd, payload.pid_fd, container->pid);
    }
  }
  quilt_fd_clear (&payload.pid_fd);
  quilt_fd_clear (&payload.channel);
  return ok ? EXIT_SUCCESS : -1;
}
