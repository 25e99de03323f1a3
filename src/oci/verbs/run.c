/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run: creates and starts a container, and waits for its end. */
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "oci/cgroup/cgroup.h"
#include "oci/launch/caller.h"
#include "oci/launch/foreground.h"
#include "oci/launch/launch.h"
#include "oci/launch/notify.h"
#include "oci/verbs/start.h"
#include "runtime/console.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef struct {
  QuiltOciLaunch launch; /* must be the first member, since prepare() gets a pointer to it */
  gboolean detach;
  int console;   /* our end of the socket that receives the terminal */
  int notify_fd; /* the container's notify socket, until the container is ready; -1: none */
} Run;

static gboolean
prepare (QuiltOciLaunch *launch, GError **error)
{
  Run *run = (Run *)launch;
  const char *path = launch->options.console_socket;
  int fds[2];

  if (!quilt_oci_notify_listen (launch->container, &run->notify_fd, error))
    return FALSE;
  if (path && (!run->detach || !launch->bundle.spec->process.terminal)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use --console-socket: it needs --detach and process.terminal");
    return FALSE;
  }
  if (!launch->bundle.spec->process.terminal)
    return TRUE;
  if (path)
    return (launch->setup.console = quilt_oci_socket_connect (path, error)) >= 0;
  if (run->detach) {
    g_set_error (
        error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
        "Failed to use process.terminal: with --detach, --console-socket must say where it "
        "goes");
    return FALSE;
  }
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket pair");
  quilt_console_give_size (&launch->bundle.spec->process);
  run->console = fds[0];
  launch->setup.console = fds[1];
  return TRUE;
}

/* Do this only for a container that lasts: if it ends at once, its cgroup is removed at once. */
static void
on_lasting (gpointer container)
{
  quilt_oci_cgroup_rest (&((QuiltOciContainer *)container)->cgroup);
}

static int
run_to_end (Run *run, gboolean keep, GError **error)
{
  QuiltOciLaunch *launch = &run->launch;
  QuiltOciContainer *container = launch->container;
  int code;

  /* Unlock it, so that it can be paused, updated and deleted meanwhile. */
  quilt_oci_container_unlock (container);
  code = quilt_oci_foreground (&launch->payload, run->console, run->notify_fd, on_lasting,
                               container, error);
  keep |= !quilt_oci_container_lock_again (container);
  if (code < 0)
    return -1;
  quilt_fd_clear (&launch->payload.pid_fd); /* the process was reaped */
  if (keep)
    quilt_oci_launch_release (launch);
  return code;
}

int
quilt_oci_run (QuiltOci *oci, GError **error)
{
  Run run = {.launch = QUILT_OCI_LAUNCH_INIT, .console = -1, .notify_fd = -1};
  QuiltOciLaunchOptions *options = &run.launch.options;
  gboolean keep = FALSE;
  const GOptionEntry entries[] = {
      QUILT_OCI_LAUNCH_ENTRIES (options),
      {"detach", 'd', 0, G_OPTION_ARG_NONE, &run.detach, "Don't wait for its end", NULL},
      {"keep", 0, 0, G_OPTION_ARG_NONE, &keep, "Don't delete it when it ends", NULL},
      {NULL},
  };
  QuiltOciLaunch *launch = &run.launch;
  int code = -1;

  launch->oci = oci;
  launch->prepare = prepare;
  if (quilt_oci_parse (oci, entries, "ID", "Creates and starts a container, and waits for it.",
                       FALSE, 1, 1, error) &&
      quilt_oci_launch_begin (launch, oci->argv[1], error) &&
      quilt_oci_launch_continue (launch, error) &&
      quilt_oci_start_await (launch->container, launch->bundle.spec, &launch->payload, error)) {
    if (run.detach) {
      if (run.notify_fd >= 0) {
        quilt_oci_container_unlock (launch->container);
        quilt_oci_notify_await (run.notify_fd, launch->payload.pid_fd, launch->container->pid);
      }
      quilt_oci_launch_release (launch);
      code = EXIT_SUCCESS;
    } else {
      code = run_to_end (&run, keep, error);
    }
  }
  quilt_oci_launch_clear (launch);
  quilt_fd_clear (&run.console);
  quilt_fd_clear (&run.notify_fd);
  return code;
}
