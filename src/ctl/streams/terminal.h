/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects our terminal to the terminal of a process in a container. */
#pragma once

#include <glib.h>

typedef struct QuiltTerminal QuiltTerminal;

/* The size of our terminal. Returns FALSE if stdout and stdin are no terminal. */
gboolean quilt_terminal_get_size (guint16 *ret_columns, guint16 *ret_rows);

/* Copies between our stdin (if has_input) and stdout, and the master of the other terminal, which
 * is owned from now on. If stdin is a terminal, it is in raw mode until quilt_terminal_free(), and
 * a process restores it even if quiltctl is killed. The other terminal follows the size of ours.
 * Calls done on the main loop when the other terminal is closed and all its output is written. */
QuiltTerminal *
quilt_terminal_new (int master, gboolean has_input, void (*done) (gpointer data), gpointer data);
/* From now on, the other terminal counts as closed when it has had no output for a moment, even if
 * a process still has it open. */
void quilt_terminal_hurry (QuiltTerminal *self);
void quilt_terminal_free (QuiltTerminal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTerminal, quilt_terminal_free)
