/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.seccomp.listenerPath: whoever is asked about system calls (config-linux.md, "The Container
 * Process State"; seccomp_unotify(2)). */
#pragma once

#include "core/program/report.h"
#include "oci/state/container.h"

/* Takes the listener that the process of pid_fd reports, sends it to listenerPath, and then lets
 * the process go on. */
gboolean quilt_oci_listener_hand_over (const QuiltReport *report,
                                       int pid_fd,
                                       const QuiltOciContainer *container,
                                       const QuiltSpec *spec,
                                       GError **error);
