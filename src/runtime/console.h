/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a container's process, relayed to ours (stdin and stdout). */
#pragma once

#include "runtime/relay.h"
#include "spec/oci/oci.h"

#include <termios.h>

typedef struct {
  int master_fd; /* of the process's terminal; -1: it has none */
  QuiltRelay in, out;
  gboolean is_raw; /* our terminal is, and was as saved */
  struct termios saved;
} QuiltConsole;

#define QUILT_CONSOLE_NONE                                                                         \
  {                                                                                                \
    .master_fd = -1, .in = QUILT_RELAY_NONE, .out = QUILT_RELAY_NONE                               \
  }

/* Receives the master from socket, as QuiltPayloadSetup.console says, and makes our terminal raw.
 * No error if we have no terminal: a pipe will do. */
gboolean quilt_console_take (QuiltConsole *console, int socket, GError **error);

/* Our terminal has another size now. */
void quilt_console_copy_size (const QuiltConsole *console);

/* After the end of the process, its last words: the kernel keeps them as long as the master is
 * open. */
void quilt_console_drain (QuiltConsole *console);

/* Closes the master, and sets our terminal back. */
void quilt_console_clear (QuiltConsole *console);

/* The size of our terminal, if we have one, is that of the process's from its beginning: it may ask
 * for it before we are told of the terminal. */
void quilt_console_give_size (QuiltProcess *process);
