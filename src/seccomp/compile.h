/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiles rules into a filter. */
#pragma once

#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"

/* The version of the compiler, "libseccomp 2.5.4". Another version may produce a different filter.
 * Owned by the caller. */
char *quilt_compile_version (void);

/* Compiles a filter (12 to 15 ms for two architectures). For each call, rules with conditions are
 * tried first, in their order; the first rule that matches decides. Then the rule without
 * conditions applies, then the default action. Several conditions on one argument count as separate
 * rules, so any of them is enough, as in other runtimes. Calls of an unlisted architecture,
 * including x32, fail with ENOSYS. INVALID_ARGUMENT names an unknown system call, a call with two
 * contradictory rules, or an architecture that libseccomp lacks; or the filter is longer than the
 * kernel allows. */
GBytes *quilt_compile (const QuiltSeccomp *seccomp, GError **error);

/* Removes the system calls that quilt_compile() would refuse as unknown, as other users of
 * libseccomp do. Returns the removed names, separated by ", ", or NULL if there were none. Owned by
 * the caller. */
char *quilt_compile_skip_unknown (QuiltSeccomp *seccomp);
