/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps: programs that run inside the container, in order, before its command. */
#pragma once

#include "core/init/stage.h"

/* In the container's init: runs each step to its end, and ends whatever it left running, before the
 * next. Returns when all have succeeded and the supervisor has said to go on; else it reports and
 * ends the process. */
void quilt_steps_run (const QuiltInit *init);
