/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kill: sends a signal to a container's first process, or to all processes. */
#include "oci/state/container.h"
#include "oci/cgroup/processes.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>

/* By these words containerd recognizes that nothing is left to kill. */
static gboolean
refuse_stopped (const QuiltOciContainer *container, GError **error)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Failed to kill container '%s': container not running", container->id);
  return FALSE;
}

static gboolean
kill_first (const QuiltOciContainer *container, int number, GError **error)
{
  g_autofd int pidfd = quilt_oci_container_open_pid (container);

  if (pidfd < 0)
    return refuse_stopped (container, error);
  if (pidfd_send_signal (pidfd, number, NULL, 0) == 0)
    return TRUE;
  if (errno == ESRCH)
    return refuse_stopped (container, error);
  return quilt_set_error_errno (error, errno, "Failed to kill container '%s'", container->id);
}

/* Only in its own pid namespace does the end of the first process end all others. */
static gboolean
shares_pids (const QuiltOciContainer *container, gboolean *ret_shares, GError **error)
{
  g_autoptr (QuiltSpec) spec = quilt_oci_container_read_spec (container, error);

  if (!spec)
    return FALSE;
  *ret_shares = !(spec->namespaces & QUILT_NS_PID);
  return TRUE;
}

static gboolean
send (QuiltOciContainer *container, int number, gboolean all, GError **error)
{
  gboolean stopped = quilt_oci_container_get_status (container) == QUILT_OCI_STOPPED;

  /* Without its own cgroup, only the first process is known. If it has its own pid namespace, that
   * is enough. */
  if (all && !stopped && !container->cgroup.path && !container->cgroup.unit)
    return kill_first (container, number, error);
  /* A stopped container that shared a pid namespace may have left processes. Engines kill all, and
   * expect no error if none are left. */
  if (all)
    return quilt_oci_cgroup_kill_all (&container->cgroup, number, error);
  if (stopped)
    return refuse_stopped (container, error);
  if (number == SIGKILL && container->cgroup.path && !shares_pids (container, &all, error))
    return FALSE;
  return all ? quilt_oci_cgroup_kill_all (&container->cgroup, number, error)
             : kill_first (container, number, error);
}

int
quilt_oci_kill (QuiltOci *oci, GError **error)
{
  g_autoptr (QuiltOciContainer) container = NULL;
  gboolean all = FALSE;
  int number = SIGTERM;
  const GOptionEntry entries[] = {
      {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "Signal all its processes", NULL},
      {NULL},
  };

  if (!quilt_oci_parse (oci, entries, "ID [SIGNAL]",
                        "Sends a signal (TERM) to the first process of a container.", FALSE, 1, 2,
                        error) ||
      (oci->argv[2] && !quilt_parse_signal (oci->argv[2], &number, error)))
    return -1;
  container = quilt_oci_container_open (oci, oci->argv[1], FALSE, error);
  if (!container || !send (container, number, all, error))
    return -1;
  return 0;
}
