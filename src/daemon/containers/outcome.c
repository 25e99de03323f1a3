/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a run, from its supervisor's message or the lack of one. */
#include "daemon/containers/outcome.h"

#include "base/error.h"
#include "daemon/bus/error.h"

/* The reasons of an exit that a supervisor may give. */
static const char *const reasons[] = {"exited", "signaled", "oom-killed", "stopped", NULL};

static void
set_texts (QuiltResult *result, const char *reason, const char *error, const char *error_name)
{
  g_free (result->reason);
  g_free (result->error);
  g_free (result->error_name);
  result->reason = g_strdup (reason);
  result->error = g_strdup (error);
  result->error_name = g_strdup (error_name);
  result->unreadable = FALSE;
}

void
quilt_outcome_from_message (QuiltResult *result, const QuiltMessage *message)
{
  const char *reason = message->text;

  result->finished_usec = message->time_usec;
  result->signal = message->signal;
  if (message->type == QUILT_MESSAGE_FAILED) {
    result->started_usec = 0;
    result->exit_code = -1;
    result->step = message->step;
    set_texts (result, message->flags & QUILT_MESSAGE_FLAG_STOPPING ? "stopped" : "failed",
               message->text, quilt_error_to_name (message->code));
    return;
  }
  if (!g_strv_contains (reasons, reason))
    reason = message->signal ? "signaled" : "exited";
  result->exit_code = message->exit_code;
  result->step = 0;
  set_texts (result, reason, "", "");
}

void
quilt_outcome_failed (QuiltResult *result, const char *reason, guint64 now_usec, const GError *why)
{
  int code = why->domain == QUILT_ERROR ? why->code : QUILT_ERROR_FAILED;

  result->started_usec = 0;
  result->finished_usec = now_usec;
  result->exit_code = -1;
  result->signal = 0;
  result->step = 0;
  set_texts (result, reason, why->message, quilt_error_to_name (code));
}

void
quilt_outcome_lost (QuiltResult *result, guint64 now_usec)
{
  result->finished_usec = now_usec;
  result->exit_code = -1;
  result->signal = 0;
  result->step = 0;
  set_texts (result, "lost",
             "The supervisor ended without a report, by SIGKILL or because the host went down: it "
             "is unknown how the container ended",
             quilt_error_to_name (QUILT_ERROR_FAILED));
}

void
quilt_outcome_begin (QuiltResult *result, guint64 now_usec)
{
  result->started_usec = now_usec;
  result->finished_usec = 0;
  result->exit_code = -1;
  result->signal = 0;
  result->step = 0;
  set_texts (result, "", "", "");
}

gboolean
quilt_outcome_is_open (const QuiltResult *result)
{
  return result->started_usec != 0 && result->finished_usec == 0;
}

gboolean
quilt_outcome_is_failure (const QuiltResult *result)
{
  return result->error_name && *result->error_name;
}

GError *
quilt_outcome_get_error (const QuiltResult *result)
{
  if (!quilt_outcome_is_failure (result))
    return NULL;
  return g_error_new_literal (QUILT_ERROR, quilt_error_from_name (result->error_name),
                              result->error);
}

char *
quilt_outcome_public_name (const QuiltResult *result)
{
  return quilt_outcome_is_failure (result)
             ? g_strconcat ("org.quilt.Error.", result->error_name, NULL)
             : g_strdup ("");
}

char *
quilt_outcome_public_text (const QuiltResult *result)
{
  if (!quilt_outcome_is_failure (result))
    return g_strdup ("");
  if (g_strcmp0 (result->reason, "lost") == 0)
    return g_strdup ("It is unknown how the container ended");
  return g_strdup (quilt_bus_error_describe (result->error_name));
}
