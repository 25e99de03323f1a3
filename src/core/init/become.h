/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last steps before the command is executed: credentials, working directory, system call
 * filter. */
#pragma once

#include "core/init/stage.h"

/* Gives up all power that the command will not have. step 0 is the command itself. The rest of the
 * init needs no privilege. */
void quilt_init_give_up_power (QuiltInit *init, guint step);

/* For an exposed init that must run setup steps before it can become the command's user. Keeps the
 * container's own capabilities and those needed to become that user. */
void quilt_init_lower_power (QuiltInit *init);

/* Loads the command's filter, after quilt_init_give_up_power(). The system calls that follow are
 * listed in docs/architecture.md, "System call filters". */
void quilt_init_filter_calls (QuiltInit *init);

/* Continues as a child in the joined pid namespace, after the caller has learned its pid. Called
 * after quilt_init_give_up_power(). */
void quilt_init_be_born (const QuiltInit *init);

/* Becomes the payload (credentials, working directory, signals) and executes argv, or the user's
 * shell if argv is empty. step 0 is the command itself. */
void quilt_init_become (const QuiltInit *init, char *const *argv, char *const *env, guint step)
    G_GNUC_NORETURN;

/* For QuiltHookChild, in a hook's own process: gives it the credentials and filter of the command.
 * init is a QuiltInit. */
void quilt_init_become_hook (gconstpointer init);
