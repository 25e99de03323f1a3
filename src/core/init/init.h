/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's init, from the clone to the execution of the command. */
#pragma once

#include "core/init/stage.h"

/* Runs in the cloned child. Never returns, never allocates. */
void quilt_init_run (const QuiltInit *parents) G_GNUC_NORETURN;
