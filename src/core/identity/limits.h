/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits of a process: setrlimit(2). */
#pragma once

#include "spec/oci/oci.h"
#include "spec/rlimits.h"

/* In the parent, before the clone: only root of the host may raise a hard limit, and the child may
 * be root of a user namespace alone. Our own soft limits stay. */
gboolean quilt_limits_prepare (const QuiltSpec *spec, GError **error);

/* Child-safe; right before the command is executed, since a low limit would be in our own way. 0 or
 * -errno; *ret_failed is then the limit. */
int quilt_limits_apply (const QuiltSpec *spec, const QuiltRlimit **ret_failed);
