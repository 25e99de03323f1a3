/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this kernel has SELinux switched on. */
#pragma once

#include <glib.h>

gboolean quilt_selinux_is_on (void);
