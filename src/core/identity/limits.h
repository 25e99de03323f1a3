/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits of a process: setrlimit(2). */
#pragma once

#include "spec/oci/oci.h"
#include "spec/rlimits.h"

/* Raises hard limits in the parent, before the clone: only the host's root may do that, and the
 * child may be root only of a user namespace. The caller's soft limits stay. */
gboolean quilt_limits_prepare (const QuiltSpec *spec, GError **error);

/* Child-safe. Sets the limits right before the command is executed, since a low limit could make
 * our own work fail. Returns 0 or -errno; *ret_failed is then the limit. */
int quilt_limits_apply (const QuiltSpec *spec, const QuiltRlimit **ret_failed);
