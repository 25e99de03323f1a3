/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a container's run: recorded, then told, and who waits for it. */
#include "daemon/containers/life.h"

#include "base/fd.h"
#include "daemon/bus/event.h"
#include "daemon/bus/work.h"
#include "daemon/containers/outcome.h"
#include "daemon/containers/private.h"
#include "daemon/containers/records.h"
#include "daemon/containers/run-dir.h"

/* Between two attempts to record an end that the disk has no room for. */
#define RETRY_SECONDS 3

/* The first news of a run that an earlier quiltd started. */
void
quilt_container_known (QuiltContainer *self)
{
  if (!self->recovering)
    return;
  self->recovering = FALSE;
  quilt_event_log (QUILT_EVENT_CONTAINER_RECOVERED,
                   &(QuiltEventFields){.container_id = self->record->id,
                                       .container_name = self->record->options->name,
                                       .state = quilt_state_to_string (self->state)},
                   "Container %s was found again, it is %s", self->record->options->name,
                   quilt_state_to_string (self->state));
  quilt_hub_release (self->containers->hub);
}

gboolean
quilt_container_find_kept_end (const QuiltContainer *self, QuiltMessage *ret_message)
{
  g_autoptr (GError) error = NULL;
  g_autofd int fd = quilt_container_open (self->containers->store, self->record->id, &error);

  if (fd >= 0 && quilt_message_load_end (fd, QUILT_CONTAINER_EXIT, ret_message, &error))
    return TRUE;
  if (!g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    g_warning ("Failed to read how container %s ended: %s", self->record->options->name,
               error->message);
  return FALSE;
}

void
quilt_container_take_state (QuiltContainer *self)
{
  const QuiltResult *result = &self->result;

  if (quilt_outcome_is_open (result))
    self->state = QUILT_STATE_RUNNING;
  else if (quilt_outcome_is_failure (result))
    self->state = QUILT_STATE_FAILED;
  else
    self->state = result->finished_usec ? QUILT_STATE_EXITED : QUILT_STATE_PENDING;
  quilt_container_refresh (self);
}

void
quilt_container_reopen (QuiltContainer *self, guint64 started_usec)
{
  g_autoptr (GError) error = NULL;

  if (quilt_outcome_is_open (&self->result))
    return;
  quilt_outcome_begin (&self->result, started_usec);
  if (!quilt_container_save_result (self->containers->store, self->record->id, &self->result, TRUE,
                                    &error))
    g_warning ("Failed to record that container %s runs: %s", self->record->options->name,
               error->message);
}

void
quilt_container_keep_record (QuiltContainer *self)
{
  quilt_container_take_state (self);
  quilt_container_known (self);
  quilt_run_release (self->run, TRUE);
  if (self->record->options->auto_remove)
    self->removing = TRUE;
  if (!self->removing)
    quilt_container_answer (self->end_waiters, NULL);
  quilt_container_remove_if_due (self);
}

/* The end is on record (or can't be, which is logged): everybody may know. */
static void
announce_end (QuiltContainer *self, gboolean recorded)
{
  g_autoptr (GError) failure = quilt_outcome_get_error (&self->result);

  self->ended = self->log_held = FALSE;
  self->pid = 0;
  /* Before anything of it goes: from now on this is all that a crash of ours would leave of it. */
  if (self->record->options->auto_remove)
    quilt_tombs_add (self->containers->tombs, self->record->id, self->result.exit_code,
                     self->result.reason);
  quilt_container_enter (self, failure ? QUILT_STATE_FAILED : QUILT_STATE_EXITED);
  quilt_container_known (self);
  if (self->run)
    quilt_run_release (self->run, recorded);
  if (self->record->options->auto_remove)
    self->removing = TRUE;
  else
    quilt_container_answer (self->end_waiters, NULL);
  quilt_container_answer (self->start_waiters, failure);
  quilt_container_remove_if_due (self);
}

/* There may be room on the disk again. Not in a thread: nothing must be saved after the mark of the
 * next run. FALSE: it is on record, or that is no use any more. */
static gboolean
retry_record (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->unrecorded || self->gone || self->removing)
    return FALSE;
  if (!quilt_container_save_result (self->containers->store, self->record->id, &self->result, TRUE,
                                    &error)) {
    g_debug ("%s", error->message);
    return TRUE;
  }
  self->unrecorded = FALSE;
  return FALSE;
}

static gboolean
on_retry (gpointer data)
{
  QuiltContainer *self = data;

  if (self->run) /* it is not settled: its directory in /run is still in use */
    return G_SOURCE_CONTINUE;
  if (retry_record (self))
    return G_SOURCE_CONTINUE;
  if (!self->run && !self->gone)
    quilt_run_dir_remove (self->containers, self->record->id, NULL);
  return G_SOURCE_REMOVE;
}

void
quilt_container_retry_records (QuiltContainers *containers)
{
  g_autoptr (GPtrArray) all = quilt_index_list (containers->index);

  for (guint i = 0; i < all->len; i++)
    retry_record (all->pdata[i]);
}

static void
on_end_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;
  gboolean recorded = quilt_work_finish (result, &error);

  if (!recorded) {
    g_warning ("Failed to record how container %s ended: %s; tried again until it is possible",
               self->record->options->name, error->message);
    self->unrecorded = TRUE;
    g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, RETRY_SECONDS, on_retry, g_object_ref (self),
                                g_object_unref);
  }
  announce_end (self, recorded);
}

/* self->result says how the run ended. */
void
quilt_container_record_end (QuiltContainer *self)
{
  self->ended = TRUE;
  if (self->marking)
    return; /* on_marked() comes back */
  if (self->record->options->auto_remove || self->removing)
    announce_end (self, TRUE); /* what is removed next needs no record */
  else
    quilt_records_save_result (self->containers->store, self->record->id, &self->result,
                               on_end_saved, g_object_ref (self));
}

void
quilt_container_fail (QuiltContainer *self, const GError *why)
{
  quilt_outcome_failed (&self->result, "failed", (guint64)g_get_real_time (), why);
  quilt_container_record_end (self);
}

gboolean
quilt_container_is_lingering (const QuiltContainer *self)
{
  return self->run && quilt_run_is_lingering (self->run);
}

gboolean
quilt_container_refuse_while_lingering (GTask *task, const QuiltContainer *self)
{
  return quilt_container_refuse (task, QUILT_ERROR_BUSY, self,
                                 "has ended, but its last output was not taken yet, by the journal "
                                 "or by a reader: see systemctl status systemd-journald.service, "
                                 "or give the output up with quiltctl remove --force");
}

/* How it ended is known: nobody has to wait for the rest. */
void
quilt_container_linger (QuiltContainer *self)
{
  GPtrArray *refused[] = {self->settle_waiters, self->remove_waiters};

  if (self->forced) {
    quilt_run_give_up (self->run);
    return;
  }
  g_warning ("Container %s has ended, but its last output was not taken yet, by the journal or by "
             "a reader",
             self->record->options->name);
  quilt_container_answer (self->end_waiters, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    gsize n;
    g_autofree gpointer *tasks = g_ptr_array_steal (refused[i], &n);

    for (gsize j = 0; j < n; j++)
      quilt_container_refuse_while_lingering (tasks[j], self);
  }
}

void
quilt_container_wait (QuiltContainer *self, GTask *task)
{
  gboolean ended = self->state == QUILT_STATE_EXITED || self->state == QUILT_STATE_FAILED;
  gboolean leaves = self->record->options->auto_remove && self->removing && !self->gone &&
                    !quilt_container_is_lingering (self);

  if ((!ended || leaves) && !self->gone) {
    g_ptr_array_add (self->end_waiters, task);
    return;
  }
  quilt_container_answer_one (task, NULL);
}
