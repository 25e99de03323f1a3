/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether SELinux is enabled in this kernel. */
#pragma once

#include <glib.h>

gboolean quilt_selinux_is_on (void);
