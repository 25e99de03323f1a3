/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which cgroup controllers a container's limits need. Pure. */
#pragma once

#include "spec/options/options.h"

/* Which limits of options, other than those that defaults has too, need a controller that is none
 * of the space-separated ones in have (cgroup.controllers): "io-weight needs io, memory-max needs
 * memory", owned by the caller; NULL if all are there. */
char *quilt_options_missing_controllers (const QuiltOptions *options,
                                         const QuiltOptions *defaults,
                                         const char *have);

/* Whether have has every controller that some limit needs. */
gboolean quilt_controllers_are_all (const char *have);
