/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that wait until quiltd has time for them, callers in turn: however many calls one caller
 * has waiting, another caller waits for few of them. */
#pragma once

#include <glib.h>

typedef struct QuiltTurns QuiltTurns;

/* free frees a call. */
QuiltTurns *quilt_turns_new (GDestroyNotify free);
void quilt_turns_free (QuiltTurns *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTurns, quilt_turns_free)

/* Whether a call of so many bytes may wait. The calls of one caller and those of all callers have a
 * limit; 64 KiB of each caller may always wait. refused: the call is only
 * there to be refused, and has room beyond that limit. */
gboolean quilt_turns_has_room (QuiltTurns *self, const char *caller, gsize size, gboolean refused);

/* Takes call over. */
void quilt_turns_push (QuiltTurns *self, const char *caller, gpointer call, gsize size);

/* The next call, for the taker to free. NULL: no call waits, or enough calls are under way. A
 * caller who comes after a while goes before those whose calls wait, but not without end; the
 * calls of each stay in order. */
gpointer quilt_turns_take (QuiltTurns *self);
/* Whether take would give one. */
gboolean quilt_turns_is_due (QuiltTurns *self);

/* Frees the calls of a caller that is gone, unless few calls wait. */
void quilt_turns_forget (QuiltTurns *self, const char *caller);

/* The earliest of the calls under way is not under way any more. */
void quilt_turns_done (QuiltTurns *self);
