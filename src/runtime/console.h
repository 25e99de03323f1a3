/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relaying the terminal of a container's process to our terminal (stdin and stdout). */
#pragma once

#include "runtime/relay.h"
#include "spec/oci/oci.h"

#include <termios.h>

typedef struct {
  int master_fd; /* master of the process's terminal; -1: the process has no terminal */
  QuiltRelay in, out;
  gboolean is_raw; /* our terminal is in raw mode, and `saved` holds its earlier mode */
  struct termios saved;
} QuiltConsole;

#define QUILT_CONSOLE_NONE                                                                         \
  {                                                                                                \
    .master_fd = -1, .in = QUILT_RELAY_NONE, .out = QUILT_RELAY_NONE                               \
  }

/* Receives the master over socket (see QuiltPayloadSetup.console) and sets our terminal to raw
 * mode. If stdin is a pipe instead of a terminal, it stays as it is. */
gboolean quilt_console_take (QuiltConsole *console, int socket, GError **error);

/* Copies our terminal's size to the process's terminal, after ours has changed. */
void quilt_console_copy_size (const QuiltConsole *console);

/* Prints the remaining output after the process has ended. The kernel keeps it while the master is
 * open. */
void quilt_console_drain (QuiltConsole *console);

/* Closes the master, and restores our terminal's mode. */
void quilt_console_clear (QuiltConsole *console);

/* Gives the process's terminal the size of ours, if we have a terminal. The process may ask for the
 * size before we receive the master, so the init sets it. */
void quilt_console_give_size (QuiltProcess *process);
