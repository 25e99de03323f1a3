/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a run ended, from what its supervisor said or did not say. Pure. */
#pragma once

#include "proto/message.h"
#include "store/containers.h"

/* Each fills all of result; started_usec it keeps, or clears where the command never ran. */

/* EXITED or FAILED. */
void quilt_outcome_from_message (QuiltResult *result, const QuiltMessage *message);
/* It never ran. */
void
quilt_outcome_failed (QuiltResult *result, const char *reason, guint64 now_usec, const GError *why);
/* It ran, and its exit is unknown. */
void quilt_outcome_lost (QuiltResult *result, guint64 now_usec);

/* The mark of a run that begins. */
void quilt_outcome_begin (QuiltResult *result, guint64 now_usec);

/* Whether result is of a run that has begun and not ended. */
gboolean quilt_outcome_is_open (const QuiltResult *result);
/* Whether the last run failed, rather than ended. */
gboolean quilt_outcome_is_failure (const QuiltResult *result);
/* The error of a failure as one to return; NULL if there is none. Its text may hold what the
 * container printed, and paths: it is for callers that were authorized. */
GError *quilt_outcome_get_error (const QuiltResult *result);
/* The same for everybody: its name, "org.quilt.Error.NAME", and a sentence of Quilt's own. Both ""
 * if nothing is wrong; owned by the caller. */
char *quilt_outcome_public_name (const QuiltResult *result);
char *quilt_outcome_public_text (const QuiltResult *result);
