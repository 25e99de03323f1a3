/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queues calls by caller until quiltd has time for them. Callers take turns: however many calls one
 * caller has waiting, another caller waits only for a few of them. */
#pragma once

#include <glib.h>

typedef struct QuiltTurns QuiltTurns;

/* free frees a call. */
QuiltTurns *quilt_turns_new (GDestroyNotify free);
void quilt_turns_free (QuiltTurns *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTurns, quilt_turns_free)

/* Whether a call of this size may wait. There are limits for each caller and for all callers; 64
 * KiB of each caller may always wait. refused: the call only waits to be refused, and has extra
 * room beyond the limit. */
gboolean quilt_turns_has_room (QuiltTurns *self, const char *caller, gsize size, gboolean refused);

/* Queues call, and takes ownership of it. */
void quilt_turns_push (QuiltTurns *self, const char *caller, gpointer call, gsize size);

/* Takes the next call, which the caller frees. Returns NULL if no call waits, or enough calls are
 * under way. Callers that had no call waiting go before other callers, within limits. The calls of
 * each caller stay in order. */
gpointer quilt_turns_take (QuiltTurns *self);
/* Whether quilt_turns_take() would return a call. */
gboolean quilt_turns_is_due (QuiltTurns *self);

/* Frees the calls of a caller that is gone, unless few calls wait. */
void quilt_turns_forget (QuiltTurns *self, const char *caller);

/* Tells that the earliest call under way is done. */
void quilt_turns_done (QuiltTurns *self);
