/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading the filter of a container's system calls. The filter is already compiled, since compiling
 * one takes longer than a start. */
#pragma once

#include "spec/oci/oci.h"

/* Whether the compiled filter that the configuration asks for is present. A container is never
 * started with less. Errors: FAILED, NOT_SUPPORTED. */
gboolean quilt_seccomp_check (const QuiltSpec *spec, GError **error);

/* Whether the filter has a listener, a process that decides about system calls. */
gboolean quilt_seccomp_has_listener (const QuiltSpec *spec);

/* Loads the filter for this process and its children, for ever. Without a filter does nothing. If
 * the filter has a listener, its descriptor is ours at first: sends the report LISTENER before
 * loading, and waits until the listener was taken. Needs no_new_privs, or CAP_SYS_ADMIN in its user
 * namespace. Child-safe. Returns 0 or -errno. */
int quilt_seccomp_apply (const QuiltSpec *spec, int channel);
