/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left to a supervisor while its container runs. */
#pragma once

#include <glib.h>

/* Drops all capabilities but CAP_KILL (the container's processes may have any uid), and all system
 * calls but those for which a supervisor has a use. A container that takes over its supervisor by
 * what it prints, or a quiltd that is taken over, gets no more. FAILED. */
gboolean quilt_supervisor_confine (GError **error);
