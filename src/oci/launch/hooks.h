/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the hooks in quilt-oci's own namespaces, and keeps the state that all hooks read. */
#pragma once

#include "core/program/hook.h"
#include "oci/state/container.h"

/* Makes a file in memory for the state, which quilt_oci_hooks_fill_state() fills later. Returns -1
 * on error. */
int quilt_oci_hooks_new_state (GError **error);
gboolean quilt_oci_hooks_fill_state (int state_fd,
                                     const QuiltOciContainer *container,
                                     const QuiltSpec *spec,
                                     QuiltOciStatus status,
                                     GError **error);

/* Runs the hooks in order, each as child says (see core/program/hook.h; NULL: with our
 * credentials). kind is like "prestart". Stops at the first failure, which is the error. A blocked
 * TERM, INT or HUP kills the hook. */
gboolean quilt_oci_hooks_run (const GPtrArray *hooks,
                              const char *kind,
                              int state_fd,
                              const QuiltHookChild *child,
                              GError **error);

/* Waits for the next report of an init that runs hooks. Returns FALSE if a blocked TERM, INT or HUP
 * arrives. */
gboolean quilt_oci_hooks_await (int channel, GError **error);

/* Runs all hooks with the state for status. The last failure is the error. No signal ends them,
 * since these hooks clean up. */
gboolean quilt_oci_hooks_run_all (const GPtrArray *hooks,
                                  const char *kind,
                                  const QuiltOciContainer *container,
                                  const QuiltSpec *spec,
                                  QuiltOciStatus status,
                                  GError **error);
