/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first process of our own (--init): it reaps, and passes signals on to the command. */
#pragma once

#include "core/init/stage.h"

#include <linux/capability.h>

/* All that it needs: the command may be another user's. */
#define QUILT_REAPER_CAPABILITIES (G_GUINT64_CONSTANT (1) << CAP_KILL)

/* Forks; returns in the child alone, which is to become the command. The other stays as the
 * container's first process: it reaps whatever ends, gives the command each signal that it gets,
 * and ends with the command's exit code, 128 + n if signal n ended that. It has no descriptor,
 * can't be read or traced, and may do nothing but send signals. All signals are blocked.
 * Child-safe. */
void quilt_reaper_run (const QuiltInit *init);
