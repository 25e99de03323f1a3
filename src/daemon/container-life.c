/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a container: start, run, end, removal, and who waits for which. */
#include "daemon/container-life.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/event.h"
#include "daemon/outcome.h"
#include "daemon/work.h"
#include "spec/words.h"

#include <signal.h>
#include <unistd.h>

static guint64
now_usec (void)
{
  return (guint64)g_get_real_time ();
}

static void remove_if_due (QuiltContainer *self);

/* The first news of a run that an earlier quiltd started. */
static void
known (QuiltContainer *self)
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
  quilt_daemon_release (self->daemon);
}

/* Its command was executed, or is about to be. What a restarted quiltd is told first is no change.
 */
static void
go_on (QuiltContainer *self, QuiltState state, const QuiltMessage *message)
{
  if (message->flags & QUILT_MESSAGE_FLAG_STOPPING || self->state == QUILT_STATE_STOPPING)
    state = QUILT_STATE_STOPPING;
  if (self->recovering)
    self->state = state;
  quilt_container_enter (self, state);
  known (self);
}

/* The end is on record (or can't be, which is logged): everybody may know. */
static void
announce_end (QuiltContainer *self, gboolean recorded)
{
  g_autoptr (GError) failure = quilt_outcome_get_error (&self->result);

  self->ended = FALSE;
  self->pid = 0;
  quilt_container_enter (self, failure ? QUILT_STATE_FAILED : QUILT_STATE_EXITED);
  known (self);
  if (self->run)
    quilt_run_release (self->run, recorded);
  if (self->record->options->auto_remove)
    self->removing = TRUE;
  else
    quilt_container_answer (self->end_waiters, NULL);
  quilt_container_answer (self->start_waiters, failure);
  remove_if_due (self);
}

static void
on_end_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;
  gboolean recorded = quilt_work_finish (result, &error);

  if (!recorded)
    g_warning ("Failed to record how container %s ended: %s", self->record->options->name,
               error->message);
  announce_end (self, recorded);
}

/* self->result says how the run ended. */
static void
record_end (QuiltContainer *self)
{
  self->ended = TRUE;
  if (self->marking)
    return; /* on_marked() comes back */
  if (self->record->options->auto_remove || self->removing)
    announce_end (self, TRUE); /* what is removed next needs no record */
  else
    quilt_work_save_result (self->daemon->store, self->record->id, &self->result, on_end_saved,
                            g_object_ref (self));
}

static void
fail (QuiltContainer *self, const GError *why)
{
  quilt_outcome_failed (&self->result, "failed", now_usec (), why);
  record_end (self);
}

static void
on_settled (QuiltContainer *self)
{
  gsize n;
  g_autofree gpointer *starts = NULL;

  g_clear_pointer (&self->run, quilt_run_free);
  remove_if_due (self);
  starts = g_ptr_array_steal (self->settle_waiters, &n);
  for (gsize i = 0; i < n; i++)
    quilt_container_start (self, NULL, starts[i]);
}

static void
on_run_ended (QuiltContainer *self, const QuiltMessage *message, const GError *error)
{
  gboolean stopped = self->state == QUILT_STATE_STOPPING;

  if (message)
    quilt_outcome_from_message (&self->result, message);
  else if (error)
    quilt_outcome_failed (&self->result, stopped ? "stopped" : "failed", now_usec (), error);
  else
    quilt_outcome_lost (&self->result, now_usec ());
  if (self->result.finished_usec == 0)
    self->result.finished_usec = now_usec ();
  record_end (self);
}

void
quilt_container_on_run (QuiltRunEvent event,
                        const QuiltMessage *message,
                        const GError *error,
                        gpointer data)
{
  QuiltContainer *self = data;
  g_autoptr (QuiltContainer) keep = g_object_ref (self);

  switch (event) {
  case QUILT_RUN_STEP:
    self->result.step = message->step;
    go_on (self, QUILT_STATE_SETTING_UP, message);
    break;
  case QUILT_RUN_RUNNING:
    self->result.step = 0;
    self->result.started_usec = message->time_usec;
    self->pid = (guint32)message->pid;
    go_on (self, QUILT_STATE_RUNNING, message);
    quilt_container_answer (self->start_waiters, NULL);
    break;
  case QUILT_RUN_ENDED:
    on_run_ended (self, message, error);
    break;
  case QUILT_RUN_SETTLED:
    on_settled (self);
    break;
  }
}

static void
on_marked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;

  self->marking = FALSE;
  if (self->ended)
    record_end (self);
  else if (!quilt_work_finish (result, &error))
    quilt_run_call_off (self->run, error);
  else
    quilt_run_allow (self->run);
}

/* A run that has begun is on the disk before its command is executed: if the host goes down, nobody
 * takes the result of the run before it for its own. What is removed after its run anyway needs
 * that only while the host is up. */
static void
mark (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->record->options->auto_remove) {
    self->marking = TRUE;
    quilt_work_save_result (self->daemon->store, self->record->id, &self->result, on_marked,
                            g_object_ref (self));
    return;
  }
  if (quilt_container_save_result (self->daemon->store, self->record->id, &self->result, FALSE,
                                   &error))
    quilt_run_allow (self->run);
  else
    quilt_run_call_off (self->run, error);
}

/* Two containers may claim one scope where one was renamed while it ran. */
static gboolean
check_scope_free (QuiltContainer *self, const char *scope, GError **error)
{
  g_autoptr (GPtrArray) all = quilt_index_list (self->daemon->containers);

  for (guint i = 0; i < all->len; i++) {
    const QuiltContainer *other = all->pdata[i];

    if (other == self || !other->run || !g_str_equal (quilt_run_get_scope (other->run), scope))
      continue;
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The scope '%s' is in use by container '%s' until that has ended", scope,
                 other->record->options->name);
    return FALSE;
  }
  return TRUE;
}

static QuiltRun *
begin_run (QuiltContainer *self, const QuiltAttach *attach, GError **error)
{
  g_autofree char *scope = quilt_scope_name (self->record->options->name);
  g_autofree char *config = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  QuiltRunPlan plan = {
      .id = self->record->id,
      .scope = scope,
      .options = self->record->options,
      .attach_stdout = attach ? attach->out : -1,
      .attach_stderr = attach ? attach->err : -1,
  };

  if (!self->image) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "The container's image '%s' (%s) is not there; import it again",
                 self->record->image, self->record->image_digest);
    return NULL;
  }
  if (!check_scope_free (self, scope, error))
    return NULL;
  spec = quilt_container_plan (self, error);
  if (!spec)
    return NULL;
  config = quilt_spec_print (spec, FALSE);
  plan.config = config;
  return quilt_run_start (self->daemon, &plan, quilt_container_on_run, self, error);
}

static gboolean
refuse (GTask *task, QuiltError code, const QuiltContainer *self, const char *why)
{
  g_task_return_new_error (task, QUILT_ERROR, code, "Container '%s' %s",
                           self->record->options->name, why);
  g_object_unref (task);
  return TRUE;
}

static gboolean
refuse_if_going (QuiltContainer *self, GTask *task)
{
  if (self->gone)
    return refuse (task, QUILT_ERROR_NOT_FOUND, self, "was removed");
  if (self->removing)
    return refuse (task, QUILT_ERROR_BUSY, self, "is being removed");
  return FALSE;
}

void
quilt_container_start (QuiltContainer *self, const QuiltAttach *attach, GTask *task)
{
  g_autoptr (GError) error = NULL;

  if (refuse_if_going (self, task))
    return;
  if (self->state == QUILT_STATE_STOPPING) {
    refuse (task, QUILT_ERROR_BUSY, self, "is being stopped; start it when that is done");
    return;
  }
  if (self->state == QUILT_STATE_RUNNING) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  if (self->run && self->state != QUILT_STATE_SETTING_UP) {
    g_ptr_array_add (self->settle_waiters, task);
    return;
  }
  g_ptr_array_add (self->start_waiters, task);
  if (self->state == QUILT_STATE_SETTING_UP || self->ended)
    return;
  quilt_outcome_begin (&self->result, now_usec ());
  self->run = begin_run (self, attach, &error);
  quilt_container_enter (self, QUILT_STATE_SETTING_UP);
  if (self->run)
    mark (self);
  else
    fail (self, error);
}

static int
stop_signal (const QuiltContainer *self)
{
  const char *of_image = self->image ? self->image->record->config.stop_signal : NULL;
  int signal = SIGTERM;

  if (self->record->options->stop_signal)
    return (int)self->record->options->stop_signal;
  if (of_image && *of_image)
    quilt_parse_signal (of_image, &signal, NULL);
  return signal;
}

/* What has not got as far as its command has nobody to ask: it is killed. */
static void
begin_stop (QuiltContainer *self, guint64 timeout_usec)
{
  gboolean early = self->state == QUILT_STATE_SETTING_UP;

  quilt_container_enter (self, QUILT_STATE_STOPPING);
  if (self->ended)
    return;
  if (early)
    quilt_run_stop (self->run, SIGKILL, 0);
  else
    quilt_run_stop (self->run, stop_signal (self), timeout_usec);
}

void
quilt_container_stop (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  gboolean active = !self->gone && quilt_container_is_active (self);

  if (!active && (self->gone || !self->removing)) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  g_ptr_array_add (self->end_waiters, task);
  if (active)
    begin_stop (self,
                args->has_timeout ? args->timeout_usec : self->record->options->stop_timeout_usec);
}

void
quilt_container_kill (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  if (!quilt_container_is_active (self)) {
    refuse (task, QUILT_ERROR_INVALID_STATE, self, "does not run");
    return;
  }
  if (args->signal != SIGKILL && self->state == QUILT_STATE_SETTING_UP) {
    refuse (task, QUILT_ERROR_INVALID_STATE, self,
            "is being set up: only SIGKILL can be sent to it now");
    return;
  }
  if (args->signal == SIGKILL && self->state == QUILT_STATE_SETTING_UP) {
    g_ptr_array_add (self->end_waiters, task);
    begin_stop (self, 0);
    return;
  }
  if (!self->ended)
    quilt_run_kill (self->run, args->signal);
  if (args->signal == SIGKILL) {
    g_ptr_array_add (self->end_waiters, task);
    return;
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
finish_removal (QuiltContainer *self)
{
  g_autoptr (GError) removed = NULL;

  quilt_container_unpublish (self);
  if (!self->result.reason || !*self->result.reason)
    removed = g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                           "Container '%s' was removed before it ran", self->record->options->name);
  quilt_container_answer (self->end_waiters, removed);
  quilt_container_answer (self->remove_waiters, NULL);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;

  self->deleting = FALSE;
  self->deleted = quilt_work_finish (result, &error);
  if (self->deleted) {
    remove_if_due (self);
    return;
  }
  g_warning ("Failed to remove container %s: %s", self->record->options->name, error->message);
  self->removing = FALSE;
  quilt_container_answer (self->remove_waiters, error);
  quilt_container_answer (self->end_waiters, NULL);
}

/* The files go while systemd takes the scope apart: neither needs the other. */
static void
remove_if_due (QuiltContainer *self)
{
  if (!self->removing || self->deleting || quilt_container_is_active (self) || self->gone)
    return;
  if (self->deleted) {
    if (!self->run)
      finish_removal (self);
    return;
  }
  self->deleting = TRUE;
  quilt_work_remove (self->daemon->store, self->record->id, !self->record->options->auto_remove,
                     on_deleted, g_object_ref (self));
}

void
quilt_container_remove (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  if (self->gone) {
    refuse (task, QUILT_ERROR_NOT_FOUND, self, "was removed");
    return;
  }
  if (self->editing) {
    refuse (task, QUILT_ERROR_BUSY, self, "is being changed");
    return;
  }
  if (quilt_container_is_active (self) && !args->force) {
    refuse (task, QUILT_ERROR_BUSY, self, "runs: stop it first, or force its removal (--force)");
    return;
  }
  g_ptr_array_add (self->remove_waiters, task);
  if (self->removing)
    return;
  self->removing = TRUE;
  if (self->state == QUILT_STATE_SETTING_UP)
    begin_stop (self, 0);
  else if (quilt_container_is_active (self) && !self->ended)
    quilt_run_kill (self->run, SIGKILL);
  remove_if_due (self);
}

void
quilt_container_remove_leftover (QuiltContainer *self)
{
  self->removing = TRUE;
  remove_if_due (self);
}

void
quilt_container_wait (QuiltContainer *self, GTask *task)
{
  gboolean ended = self->state == QUILT_STATE_EXITED || self->state == QUILT_STATE_FAILED;
  gboolean leaves = self->record->options->auto_remove && self->removing && !self->gone;

  if ((!ended || leaves) && !self->gone) {
    g_ptr_array_add (self->end_waiters, task);
    return;
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
quilt_container_on_stop_request (const char *unit, gpointer data)
{
  QuiltDaemon *daemon = data;
  g_autoptr (GPtrArray) all = quilt_index_list (daemon->containers);
  const QuiltVerbArgs args = {0};

  for (guint i = 0; i < all->len; i++) {
    QuiltContainer *container = all->pdata[i];

    if (container->run && g_str_equal (quilt_run_get_scope (container->run), unit))
      quilt_container_stop (container, &args, g_task_new (container, NULL, NULL, NULL));
  }
}
