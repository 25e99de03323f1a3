/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps: programs that run inside the container, in order, before its command. */
#pragma once

#include "core/init/stage.h"

/* Runs in the container's init. Runs each setup step to its end, and kills the processes that it
 * left running before the next step. Returns when all steps have succeeded and the supervisor has
 * answered. On failure reports it and ends the process. */
void quilt_steps_run (const QuiltInit *init);
