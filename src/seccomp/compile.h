/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From rules to a filter. */
#pragma once

#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"

/* "libseccomp 2.5.4": a filter of another version may differ. Owned by the caller. */
char *quilt_compile_version (void);

/* Compiles (12 to 15 ms for two architectures). The rules with conditions come first, in their
 * order, and the first that holds decides; then the one without; then the default action. Several
 * conditions on one argument are rules of their own: any is enough, as everywhere. What comes from
 * an architecture that is not listed, x32 included, gets ENOSYS. INVALID_ARGUMENT names a system
 * call that there is not, one with two rules that contradict each other, an architecture that
 * libseccomp does not have; or the filter is longer than the kernel takes. */
GBytes *quilt_compile (const QuiltSeccomp *seccomp, GError **error);

/* Leaves out the names of system calls that quilt_compile() would refuse as unknown, as
 * libseccomp's other users do: the list of what was left out, with ", " between them, NULL if there
 * is none. Owned by the caller. */
char *quilt_compile_skip_unknown (QuiltSeccomp *seccomp);
