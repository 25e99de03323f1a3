/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects our terminal to the terminal of a process in a container. */
#pragma once

#include "ctl/streams/detach-keys.h"

#include <glib.h>

typedef struct QuiltTerminal QuiltTerminal;

/* The size of our terminal. Returns FALSE if neither stdout nor stdin is a terminal. */
gboolean quilt_terminal_get_size (guint16 *ret_columns, guint16 *ret_rows);

/* Called on the main loop. */
typedef struct {
  /* the other terminal is closed, and all its output is written; or writing has failed with errsv
   */
  void (*done) (int errsv, gpointer data);
  /* the user has typed the detach keys; NULL: never */
  void (*detached) (gpointer data);
  /* our terminal has another size now; NULL: set that of the master */
  void (*resized) (guint16 columns, guint16 rows, gpointer data);
} QuiltTerminalEvents;

/* Copies output, the master of the other terminal or a pipe with its output, to our stdout. Owns
 * output from now on. */
QuiltTerminal *quilt_terminal_new (int output, const QuiltTerminalEvents *events, gpointer data);
/* Copies our stdin to input from now on: the master, or a pipe, which is owned then. If stdin is a
 * terminal, it is in raw mode until quilt_terminal_free(), and a process restores it even if
 * quiltctl is killed. */
void quilt_terminal_type (QuiltTerminal *self, int input, const QuiltDetachKeys *keys);
/* From now on, the other terminal counts as closed when it has had no output for a moment, even if
 * a process still has it open. */
void quilt_terminal_hurry (QuiltTerminal *self);
void quilt_terminal_free (QuiltTerminal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTerminal, quilt_terminal_free)
