/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a run, from its supervisor's message or the lack of one. Pure. */
#pragma once

#include "proto/message.h"
#include "store/containers.h"

/* Each sets all of result except started_usec, which is cleared if the command never ran. */

/* For EXITED or FAILED. */
void quilt_outcome_from_message (QuiltResult *result, const QuiltMessage *message);
/* For a run that never executed its command. */
void
quilt_outcome_failed (QuiltResult *result, const char *reason, guint64 now_usec, const GError *why);
/* For a run whose exit is unknown. */
void quilt_outcome_lost (QuiltResult *result, guint64 now_usec);

/* For the mark of a run that begins. */
void quilt_outcome_begin (QuiltResult *result, guint64 now_usec);

/* Whether result belongs to a run that has begun and not ended. */
gboolean quilt_outcome_is_open (const QuiltResult *result);
/* Whether the last run has failed. */
gboolean quilt_outcome_is_failure (const QuiltResult *result);
/* The error of a failure; NULL if there is none. Its text may contain the container's output, and
 * paths, so it is only for authorized callers. */
GError *quilt_outcome_get_error (const QuiltResult *result);
/* The error for all users: its name, "org.quilt.Error.NAME", and a fixed message of Quilt. Both are
 * "" if there is no error; owned by the caller. */
char *quilt_outcome_public_name (const QuiltResult *result);
char *quilt_outcome_public_text (const QuiltResult *result);
