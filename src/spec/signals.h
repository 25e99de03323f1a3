/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by name. Pure. */
#pragma once

#include <glib.h>
#include <signal.h>

/* The signal that systemd sends to all processes of a container's scope when it stops the scope
 * while quiltd is away. Only the supervisor treats it as a stop. Other processes ignore it by
 * default, and those with a handler (Go's runtime, a reader of urgent data) treat it as noise. */
#define QUILT_SCOPE_KILL_SIGNAL SIGURG
/* "15", "TERM", "SIGTERM", "RTMIN+3", any case → 1..64. */
gboolean quilt_parse_signal (const char *text, int *ret_signal, GError **error);
/* "SIGTERM"; "SIGRTMIN+3". Owned by the caller. */
char *quilt_signal_to_string (int signal);
