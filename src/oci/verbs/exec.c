/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exec: starts another process in a running container. */
#include "oci/verbs/verbs.h"

#include "base/beneath.h"
#include "base/error.h"
#include "base/fd.h"
#include "oci/cgroup/open.h"
#include "oci/launch/caller.h"
#include "oci/launch/exec-spec.h"
#include "oci/launch/filter.h"
#include "oci/launch/foreground.h"
#include "oci/launch/launch.h"
#include "oci/launch/listener.h"
#include "oci/launch/rights.h"
#include "oci/state/own-users.h"
#include "oci/state/root.h"
#include "runtime/console.h"
#include "runtime/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  QuiltOciExecOptions options;
  char *pid_file;
  char *console_socket;
  char *cgroup; /* below the container's cgroup; NULL: the current cgroup of its first process */
  int preserve_fds;
  gboolean detach;
  gboolean ignore_paused;
  QuiltOciContainer *container;
  QuiltSpec *spec;
  int init_fd; /* pidfd of the container's first process, whose namespaces are joined */
  int console; /* our end of the socket that receives the terminal */
  QuiltPayloadSetup setup;
  QuiltPayload payload;
} Exec;

static void
exec_clear (Exec *exec)
{
  quilt_payload_clear (&exec->payload);
  quilt_oci_container_free (exec->container);
  quilt_spec_free (exec->spec);
  quilt_fd_clear (&exec->init_fd);
  quilt_fd_clear (&exec->console);
  quilt_fd_clear (&exec->setup.console);
  quilt_fd_clear (&exec->setup.root);
  quilt_fd_clear (&exec->setup.cgroup);
  g_free (exec->options.process);
  g_free (exec->options.cwd);
  g_free (exec->options.user);
  g_free (exec->options.label);
  g_free (exec->options.apparmor);
  g_strfreev (exec->options.env);
  g_strfreev (exec->options.caps);
  g_strfreev (exec->options.groups);
  g_free (exec->pid_file);
  g_free (exec->console_socket);
  g_free (exec->cgroup);
}

static gboolean
check_options (const QuiltOci *oci, const Exec *exec, GError **error)
{
  if (!exec->options.process && !oci->argv[2])
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to execute in container '%s': no command is given", oci->argv[1]);
  else if (exec->options.process && oci->argv[2])
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use --process: it already gives a command; leave out '%s'",
                 oci->argv[2]);
  else
    return TRUE;
  return FALSE;
}

static gboolean
open_container (QuiltOci *oci, Exec *exec, GError **error)
{
  QuiltOciStatus status;

  exec->container = quilt_oci_container_open (oci, oci->argv[1], FALSE, error);
  if (!exec->container)
    return FALSE;
  exec->init_fd = quilt_oci_container_open_pid (exec->container);
  status = quilt_oci_container_get_status (exec->container);
  if (exec->init_fd >= 0 && (status == QUILT_OCI_RUNNING || status == QUILT_OCI_CREATED ||
                             (status == QUILT_OCI_PAUSED && exec->ignore_paused)))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "cannot exec in container '%s': it is %s", exec->container->id,
               quilt_oci_status_to_name (status));
  return FALSE;
}

/* Opens the container's cgroup or one below it. The container may have made the lower one, so the
 * path must not lead elsewhere. */
static gboolean
open_named_cgroup (Exec *exec, GError **error)
{
  QuiltOciCgroup *cgroup = &exec->container->cgroup;
  const char *name = exec->cgroup + strspn (exec->cgroup, "/");

  if (!quilt_oci_cgroup_open (cgroup, error))
    return FALSE;
  exec->setup.cgroup =
      quilt_open_beneath (cgroup->dir_fd, *name ? name : ".", O_RDONLY | O_DIRECTORY, 0);
  return exec->setup.cgroup >= 0 ||
         quilt_set_error_errno (error, errno, "Failed to open cgroup '%s' of container '%s'",
                                exec->cgroup, exec->container->id);
}

static gboolean
open_cgroup (Exec *exec, GError **error)
{
  if (exec->cgroup)
    return open_named_cgroup (exec, error);
  if (!exec->container->cgroup.path)
    return TRUE; /* the container has no cgroup of its own */
  exec->setup.cgroup = quilt_guest_open_cgroup (exec->container->pid, error);
  return exec->setup.cgroup >= 0;
}

static gboolean
open_console (Exec *exec, GError **error)
{
  int fds[2];

  if (!exec->spec->process.terminal && exec->console_socket) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use --console-socket: the process does not ask for a terminal");
    return FALSE;
  }
  if (!exec->spec->process.terminal)
    return TRUE;
  if (exec->console_socket)
    return (exec->setup.console = quilt_oci_socket_connect (exec->console_socket, error)) >= 0;
  if (exec->detach) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to open a terminal: with --detach, --console-socket must say where it "
                 "goes");
    return FALSE;
  }
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket pair");
  quilt_console_give_size (&exec->spec->process);
  exec->console = fds[0];
  exec->setup.console = fds[1];
  return TRUE;
}

static gboolean
start (QuiltOci *oci, Exec *exec, GError **error)
{
  QuiltPayloadSetup *setup = &exec->setup;

  for (int i = 0; i < 3; i++)
    setup->stdio[i] = i;
  setup->n_preserved = (guint)exec->preserve_fds;
  setup->outlives = TRUE;
  exec->spec->process.keeps_groups =
      exec->spec->process.additional_gids->len == 0 && quilt_oci_keeps_groups (oci);
  quilt_oci_leave_out_capabilities (oci, exec->spec);
  quilt_oci_block_signals ();
  return quilt_oci_filter_get (oci, exec->spec, error) &&
         quilt_guest_start (exec->spec, exec->init_fd, setup,
                            QUILT_OCI_LISTENER_TAKER (exec->container, exec->spec), &exec->payload,
                            error) &&
         (!exec->pid_file || quilt_oci_write_pid_file (exec->pid_file, exec->payload.pid, error));
}

static int
run (QuiltOci *oci, Exec *exec, GError **error)
{
  int code = EXIT_SUCCESS;

  exec->options.command = oci->argv + 2;
  if (!check_options (oci, exec, error) || !quilt_oci_check_preserved (exec->preserve_fds, error) ||
      !open_container (oci, exec, error))
    return -1;
  if (!quilt_oci_own_users_join (exec->container->pid, error))
    return -1;
  exec->spec = quilt_oci_container_read_spec (exec->container, error);
  if (!exec->spec || !quilt_oci_own_users_translate (exec->spec, error) ||
      !quilt_guest_plan (exec->spec, exec->container->pid, &exec->setup.root, error) ||
      !quilt_oci_exec_spec (oci, exec->spec, &exec->options, error) ||
      !open_console (exec, error) || !open_cgroup (exec, error) || !start (oci, exec, error))
    return -1;
  if (!exec->detach)
    code = quilt_oci_foreground (&exec->payload, exec->console, -1, NULL, NULL, error);
  if (code >= 0)
    quilt_fd_clear (&exec->payload.pid_fd); /* the process continues, or was reaped */
  return code;
}

int
quilt_oci_exec (QuiltOci *oci, GError **error)
{
  Exec exec = {
      .init_fd = -1,
      .console = -1,
      .setup = QUILT_PAYLOAD_SETUP_NONE,
      .payload = QUILT_PAYLOAD_NONE,
  };
  QuiltOciExecOptions *options = &exec.options;
  const GOptionEntry entries[] = {
      {"process", 'p', 0, G_OPTION_ARG_FILENAME, &options->process, "Take the process from a file",
       "FILE"},
      {"detach", 'd', 0, G_OPTION_ARG_NONE, &exec.detach, "Don't wait for its end", NULL},
      {"pid-file", 0, 0, G_OPTION_ARG_FILENAME, &exec.pid_file, "Write its pid to this file",
       "FILE"},
      {"console-socket", 0, 0, G_OPTION_ARG_FILENAME, &exec.console_socket,
       "Send the terminal to this socket", "SOCKET"},
      {"tty", 't', 0, G_OPTION_ARG_NONE, &options->tty, "Give it a terminal", NULL},
      {"cwd", 0, 0, G_OPTION_ARG_FILENAME, &options->cwd, "Its working directory", "DIR"},
      {"env", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->env, "Set a variable", "NAME=VALUE"},
      {"user", 'u', 0, G_OPTION_ARG_FILENAME, &options->user, "Its user and group", "UID[:GID]"},
      {"additional-gids", 'g', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->groups,
       "Add a supplementary group", "GID"},
      {"cap", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->caps, "Add a capability", "CAP"},
      {"process-label", 0, 0, G_OPTION_ARG_FILENAME, &options->label, "SELinux label", "LABEL"},
      {"apparmor", 0, 0, G_OPTION_ARG_FILENAME, &options->apparmor, "AppArmor profile", "PROFILE"},
      {"no-new-privs", 0, 0, G_OPTION_ARG_NONE, &options->no_new_privs, "Set no_new_privs", NULL},
      {"preserve-fds", 0, 0, G_OPTION_ARG_INT, &exec.preserve_fds, "Pass descriptors from 3 on",
       "N"},
      {"cgroup", 0, 0, G_OPTION_ARG_FILENAME, &exec.cgroup, "Cgroup below the container's", "PATH"},
      {"ignore-paused", 0, 0, G_OPTION_ARG_NONE, &exec.ignore_paused, "Allow a paused container",
       NULL},
      {NULL},
  };
  int code = -1;

  if (quilt_oci_parse (oci, entries, "ID [COMMAND...]", "Runs a command in a running container.",
                       TRUE, 1, -1, error))
    code = run (oci, &exec, error);
  exec_clear (&exec);
  return code;
}
