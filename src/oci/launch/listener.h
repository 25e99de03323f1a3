/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.seccomp.listenerPath: the program that decides about system calls (config-linux.md, "The
 * Container Process State"; seccomp_unotify(2)). */
#pragma once

#include "oci/state/container.h"
#include "runtime/reports.h"

/* Takes the listener that the process of pid_fd reports, sends it to listenerPath, and lets the
 * process continue. data is a QuiltOciListener. */
gboolean quilt_oci_listener_hand_over (const QuiltReport *report,
                                       int pid_fd,
                                       gconstpointer data,
                                       GError **error);

typedef struct {
  const QuiltOciContainer *container;
  const QuiltSpec *spec;
} QuiltOciListener;

/* Makes a QuiltListenerTaker, valid in the enclosing block, for quilt_reports_await_command() and
 * similar functions. */
#define QUILT_OCI_LISTENER_TAKER(container, spec)                                                  \
  (&(const QuiltListenerTaker){quilt_oci_listener_hand_over,                                       \
                               &(const QuiltOciListener){(container), (spec)}})
