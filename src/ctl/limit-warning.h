/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits that the host can't enforce. */
#pragma once

#include "ctl/ctl.h"

/* Warns if options, an a{sv} of CreateContainer or Update, ask for limits that need cgroup
 * controllers which quiltd's host lacks. Asks quiltd only if they ask for any. */
void quilt_limits_warn (QuiltCtl *ctl, GVariant *options);
