/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first process of our own (--init): reaps processes and forwards signals to the command. */
#pragma once

#include "core/init/stage.h"

#include <linux/capability.h>

/* The only capability that it needs: the command may run as another user. */
#define QUILT_REAPER_CAPABILITIES (G_GUINT64_CONSTANT (1) << CAP_KILL)

/* Forks, and returns only in the child, which becomes the command. The parent stays as the
 * container's first process. It reaps processes, forwards each signal to the command, and ends with
 * the command's exit code, or with 128 + n if signal n killed the command. It has no descriptors,
 * can't be read or traced, and can only send signals. All signals are blocked in the child.
 * Child-safe. */
void quilt_reaper_run (const QuiltInit *init);
