/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of a process that is about to execute a program that is not ours. */
#pragma once

/* Child-safe: all at their defaults, none blocked. */
void quilt_signals_reset (void);
