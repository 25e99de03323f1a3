/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup controllers that a container's limits need. Pure. */
#pragma once

#include "spec/options/options.h"

/* The limits in options (except those that defaults has too) that need controllers missing from
 * have, a list like cgroup.controllers. The result is like "io-weight needs io, memory-max needs
 * memory", owned by the caller; NULL if no controller is missing. */
char *quilt_options_missing_controllers (const QuiltOptions *options,
                                         const QuiltOptions *defaults,
                                         const char *have);

/* Whether have contains every controller that any limit needs. */
gboolean quilt_controllers_are_all (const char *have);
