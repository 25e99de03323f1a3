/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions of exec and copy about a container. */
#pragma once

#include "daemon/containers/container.h"

/* Whether processes can join the container now, given the name for which the caller was checked.
 * Sets BUSY if it was renamed or is being committed, INVALID_STATE if it does not run or is paused.
 */
gboolean
quilt_session_check_runs (const QuiltContainer *container, const char *name, GError **error);

/* Whether the container's command runs as the container's root, judging by the name. */
gboolean quilt_session_is_of_root (const QuiltContainer *container);
