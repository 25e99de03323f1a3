/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of a process that is about to execute another program. */
#pragma once

/* Child-safe. Sets all signals to their defaults, and unblocks them. */
void quilt_signals_reset (void);
