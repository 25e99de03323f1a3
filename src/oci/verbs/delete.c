/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* delete: removes what is left of a container. */
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "oci/cgroup/cgroup.h"
#include "oci/cgroup/processes.h"
#include "oci/launch/hooks.h"
#include "oci/state/container.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>

/* Time limit for the end of a killed process, which may still write back data or dump core. */
#define END_MSEC 10000

/* A container that was created but not started is deleted too: nothing in it ever ran. */
static gboolean
check_status (const QuiltOciContainer *container, GError **error)
{
  QuiltOciStatus status = quilt_oci_container_get_status (container);

  if (status == QUILT_OCI_STOPPED || status == QUILT_OCI_CREATED)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "cannot delete container '%s' that is not stopped: it is %s; see --force",
               container->id, quilt_oci_status_to_name (status));
  return FALSE;
}

static gboolean
find_cgroup (QuiltOciContainer *container, GError **error)
{
  g_autofd int pid_fd = quilt_oci_container_open_pid (container);

  /* An older quilt-oci created it and recorded only the path. */
  if (container->created && container->cgroup.path)
    return TRUE;
  return quilt_oci_cgroup_find (&container->cgroup, container->id, pid_fd >= 0 ? container->pid : 0,
                                error);
}

static gboolean
end_init (const QuiltOciContainer *container, GError **error)
{
  g_autofd int pid_fd = quilt_oci_container_open_pid (container);
  struct pollfd end = {pid_fd, POLLIN, 0};
  int r;

  if (pid_fd < 0)
    return TRUE;
  if (pidfd_send_signal (pid_fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
    return quilt_set_error_errno (error, errno, "Failed to kill container '%s'", container->id);
  while ((r = poll (&end, 1, END_MSEC)) < 0 && errno == EINTR)
    ;
  if (r > 0)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
               "Failed to delete container '%s': its process %d was killed and does not end",
               container->id, (int)container->pid);
  return FALSE;
}

/* Kills the processes first, so that their cgroup can be removed. Removes the record last, so that
 * a failed deletion can be repeated. */
static gboolean
delete_container (QuiltOci *oci, QuiltOciContainer *container, GError **error)
{
  g_autoptr (QuiltSpec) spec = quilt_oci_container_read_spec (container, NULL);
  g_autoptr (GError) warning = NULL;

  if (!find_cgroup (container, error) ||
      !quilt_oci_cgroup_kill_all (&container->cgroup, SIGKILL, error) ||
      !end_init (container, error) || !quilt_oci_cgroup_remove (&container->cgroup, error) ||
      !quilt_oci_container_remove (oci, container, error))
    return FALSE;
  if (spec && container->created &&
      !quilt_oci_hooks_run_all (spec->poststop, "poststop", container, spec, QUILT_OCI_STOPPED,
                                &warning))
    g_printerr ("%s\n", warning->message);
  return TRUE;
}

static gboolean
delete_one (QuiltOci *oci, const char *id, gboolean force, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (QuiltOciContainer) container = quilt_oci_container_open (oci, id, TRUE, &failure);

  if (!container && force && g_error_matches (failure, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    return TRUE;
  if (!container) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  return (force || check_status (container, error)) && delete_container (oci, container, error);
}

/* Deletes all that can be deleted. The last failure is the error, earlier ones are warnings. */
static gboolean
delete_matching (QuiltOci *oci, const char *pattern, gboolean force, GError **error)
{
  g_auto (GStrv) ids = quilt_oci_container_list (oci, error);
  g_autoptr (GError) failure = NULL;
  regex_t regex;

  if (!ids)
    return FALSE;
  if (regcomp (&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
    g_autofree char *quoted = quilt_text_quote (pattern);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use --regex: '%s' is not an extended regular expression, see regex(7)",
                 quoted);
    return FALSE;
  }
  for (char **id = ids; *id; id++) {
    g_autoptr (GError) local = NULL;

    if (regexec (&regex, *id, 0, NULL, 0) != 0 || delete_one (oci, *id, force, &local))
      continue;
    if (failure)
      quilt_oci_log_warning (oci->log, "%s", failure->message);
    g_clear_error (&failure);
    failure = g_steal_pointer (&local);
  }
  regfree (&regex);
  if (!failure)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

int
quilt_oci_delete (QuiltOci *oci, GError **error)
{
  gboolean force = FALSE, regex = FALSE;
  const GOptionEntry entries[] = {
      {"force", 'f', 0, G_OPTION_ARG_NONE, &force, "Kill it first; it may be missing", NULL},
      {"regex", 'r', 0, G_OPTION_ARG_NONE, &regex, "ID is a regular expression", NULL},
      {NULL},
  };
  gboolean ok;

  if (!quilt_oci_parse (oci, entries, "ID", "Removes a container that has ended.", FALSE, 1, 1,
                        error))
    return -1;
  ok = regex ? delete_matching (oci, oci->argv[1], force, error)
             : delete_one (oci, oci->argv[1], force, error);
  return ok ? EXIT_SUCCESS : -1;
}
