/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a session: its way to quiltd, and its life after the client has detached. */
#pragma once

#include <glib.h>
#include <poll.h>

/* -1: none */
typedef struct {
  int console; /* receives the terminal's master from the session's process */
  int master;  /* for quiltd, which passes it to the client; closed once it is sent */
  /* The master again. It keeps the terminal open when the client detaches. */
  int kept;
  gboolean is_left; /* the client has detached */
} QuiltSessionTerminal;

#define QUILT_SESSION_TERMINAL_NONE                                                                \
  {                                                                                                \
    .console = -1, .master = -1, .kept = -1                                                        \
  }

/* Makes the socket over which the session's process sends the master. ret_sender is the end of that
 * process, owned by the caller. Error: FAILED. */
gboolean quilt_session_terminal_open (QuiltSessionTerminal *self, int *ret_sender, GError **error);

/* Receives the master, once the process is executed. keep: the client may detach. */
void quilt_session_terminal_take (QuiltSessionTerminal *self, gboolean keep);

/* The client has detached. The terminal stays open, and its output is discarded from now on, so
 * that the session does not wait for a reader. */
void quilt_session_terminal_leave (QuiltSessionTerminal *self);
struct pollfd quilt_session_terminal_poll (const QuiltSessionTerminal *self);
void quilt_session_terminal_discard (QuiltSessionTerminal *self);

/* Closes our end. If no other process has the master, the terminal hangs up. */
void quilt_session_terminal_hang_up (QuiltSessionTerminal *self);
void quilt_session_terminal_clear (QuiltSessionTerminal *self);
