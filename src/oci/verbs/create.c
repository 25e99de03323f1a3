/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* create: makes a container that waits to be started. */
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "oci/launch/caller.h"
#include "oci/launch/launch.h"
#include "oci/launch/listener.h"
#include "oci/state/gate.h"
#include "runtime/reports.h"

#include <stdlib.h>

static gboolean
check_console (const QuiltOciLaunch *launch, GError **error)
{
  gboolean wanted = launch->bundle.spec->process.terminal;
  const char *path = launch->options.console_socket;

  if (wanted == (path != NULL))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               wanted ? "Failed to use process.terminal: --console-socket must say where it goes"
                      : "Failed to use --console-socket: process.terminal is not set");
  return FALSE;
}

static gboolean
prepare (QuiltOciLaunch *launch, GError **error)
{
  const char *path = launch->options.console_socket;

  if (!check_console (launch, error))
    return FALSE;
  if (path && (launch->setup.console = quilt_oci_socket_connect (path, error)) < 0)
    return FALSE;
  launch->setup.gate =
      quilt_oci_gate_listen (launch->container->dir_fd, launch->container->id, error);
  return launch->setup.gate >= 0;
}

int
quilt_oci_create (QuiltOci *oci, GError **error)
{
  g_auto (QuiltOciLaunch) launch = QUILT_OCI_LAUNCH_INIT;
  QuiltOciLaunchOptions *options = &launch.options;
  const GOptionEntry entries[] = {QUILT_OCI_LAUNCH_ENTRIES (options), {NULL}};

  launch.oci = oci;
  launch.prepare = prepare;
  if (!quilt_oci_parse (oci, entries, "ID", "Creates a container that waits for start.", FALSE, 1,
                        1, error))
    return -1;
  if (!quilt_oci_launch_begin (&launch, oci->argv[1], error) ||
      !quilt_reports_answer (&launch.payload, error) ||
      !quilt_reports_await_created (&launch.payload,
                                    QUILT_OCI_LISTENER_TAKER (launch.container, launch.bundle.spec),
                                    error) ||
      !quilt_oci_launch_continue (&launch, error) ||
      !quilt_reports_await_end (launch.payload.channel, error))
    return -1;
  quilt_oci_launch_release (&launch);
  return EXIT_SUCCESS;
}
