/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities and system calls that a supervisor keeps while its container runs. */
#pragma once

#include <glib.h>

/* Drops all capabilities except CAP_KILL (the container's processes may have any uid), and all
 * system calls that a supervisor does not need. A container that exploits its supervisor through
 * its output gains no more power than that. Error: FAILED. */
gboolean quilt_supervisor_confine (GError **error);
