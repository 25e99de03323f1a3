/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of a container's system calls: ready-made, as to compile one takes longer than a
 * start. */
#pragma once

#include "spec/oci/oci.h"

/* Whether what the configuration asks for is there to be loaded: never is a container started with
 * less. FAILED, NOT_SUPPORTED. */
gboolean quilt_seccomp_check (const QuiltSpec *spec, GError **error);

/* Whether somebody is asked about system calls. */
gboolean quilt_seccomp_has_listener (const QuiltSpec *spec);

/* Child-safe. Before a filter is loaded that has somebody asked about system calls, whose listener
 * is a descriptor of ours then: reports where, and waits until it was taken (report LISTENER).
 * In force for this process and all that it starts, for ever; without a filter nothing
 * is done. Needs no_new_privs or CAP_SYS_ADMIN in its user namespace. 0, or -errno. */
int quilt_seccomp_apply (const QuiltSpec *spec, int channel);
