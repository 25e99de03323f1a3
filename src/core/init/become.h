/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last steps before the command: who it is, where it stands, what it may call. */
#pragma once

#include "core/init/stage.h"

/* All that it takes to have no more power than the command; step 0 is the command itself. What is
 * left to do then needs none. */
void quilt_init_give_up_power (QuiltInit *init, guint step);

/* For an exposed init that has setup steps to run before it can become the command's user: it keeps
 * the container's own capabilities and those that it takes to become that user. */
void quilt_init_lower_power (QuiltInit *init);

/* After that: loads the command's filter. Whatever is called from then on is listed in
 * docs/architecture.md, "System call filters". */
void quilt_init_filter_calls (QuiltInit *init);

/* After that: goes on as a child in the pid namespace that is joined, once the caller knows it. */
void quilt_init_be_born (const QuiltInit *init);

/* Becomes the payload: credentials, working directory, signals; then executes argv. step 0 is the
 * command itself. */
void quilt_init_become (const QuiltInit *init, char *const *argv, char *const *env, guint step)
    G_GNUC_NORETURN;

/* Becomes what the command will be, of init, a QuiltInit: for a hook, in its own process. */
void quilt_init_become_hook (gconstpointer init);
