/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hooks that run in the namespaces of quilt-oci itself, and the state that all of them read. */
#pragma once

#include "core/program/hook.h"
#include "oci/state/container.h"

/* A file in memory that print_state() of status fills later; -1 on error. */
int quilt_oci_hooks_new_state (GError **error);
gboolean quilt_oci_hooks_fill_state (int state_fd,
                                     const QuiltOciContainer *container,
                                     const QuiltSpec *spec,
                                     QuiltOciStatus status,
                                     GError **error);

/* Runs them in their order, each as child says (see core/program/hook.h; NULL: as we are); kind as
 * in "prestart". The first that fails is the error. A blocked TERM, INT or HUP kills the hook. */
gboolean quilt_oci_hooks_run (const GPtrArray *hooks,
                              const char *kind,
                              int state_fd,
                              const QuiltHookChild *child,
                              GError **error);

/* Waits for the next report of an init that runs hooks. FALSE: a blocked TERM, INT or HUP came. */
gboolean quilt_oci_hooks_await (int channel, GError **error);

/* Runs them all, with the state as it is with status; the last that failed is the error. No signal
 * ends them: they clean up. */
gboolean quilt_oci_hooks_run_all (const GPtrArray *hooks,
                                  const char *kind,
                                  const QuiltOciContainer *container,
                                  const QuiltSpec *spec,
                                  QuiltOciStatus status,
                                  GError **error);
