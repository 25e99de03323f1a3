/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out the effects of a container's life. */
#include "daemon/containers/lifecycle.h"

#include "daemon/containers/container-private.h"
#include "daemon/bus/event.h"
#include "daemon/containers/outcome.h"

#include <signal.h>

static void
show_quietly (QuiltContainer *self, QuiltState state)
{
  self->state = state;
  quilt_container_refresh (self);
}

/* Takes the state that the last result gives, without a signal. */
static void
take_state (QuiltContainer *self)
{
  const QuiltResult *result = &self->result;

  if (quilt_outcome_is_open (result))
    show_quietly (self, QUILT_STATE_RUNNING);
  else if (quilt_outcome_is_failure (result))
    show_quietly (self, QUILT_STATE_FAILED);
  else
    show_quietly (self, result->finished_usec ? QUILT_STATE_EXITED : QUILT_STATE_PENDING);
}

static void
show (QuiltContainer *self, const QuiltLifeStep *step)
{
  if (step->quiet)
    show_quietly (self, step->shown);
  else
    quilt_container_enter (self, step->shown);
}

static void
show_end (QuiltContainer *self)
{
  self->log_held = FALSE;
  self->pid = 0;
  quilt_container_enter (self, quilt_outcome_is_failure (&self->result) ? QUILT_STATE_FAILED
                                                                        : QUILT_STATE_EXITED);
}

static void
be_known (QuiltContainer *self)
{
  const char *state = quilt_state_to_string (self->state);

  quilt_event_log (QUILT_EVENT_CONTAINER_RECOVERED,
                   &(QuiltEventFields){.container_id = self->record->id,
                                       .container_name = self->record->options->name,
                                       .state = state},
                   "Found container %s again after a restart of quiltd: it is %s",
                   self->record->options->name, state);
  quilt_hub_release (self->parts->hub);
}

static void
finish (QuiltContainer *self)
{
  if (self->record->options->auto_remove)
    quilt_container_happen (self, QUILT_LIFE_DOOM, NULL);
  else
    quilt_container_answer (self->end_waiters, NULL);
}

static void
answer_starts (QuiltContainer *self)
{
  g_autoptr (GError) failure = quilt_outcome_get_error (&self->result);

  quilt_container_answer (self->start_waiters, failure);
}

/* Answers callers that wait for more than the end: the result is known, so they need not wait. */
static void
refuse_waiters (QuiltContainer *self)
{
  GPtrArray *refused[] = {self->rest_waiters, self->remove_waiters};
  gsize n;
  g_autofree gpointer *starts = NULL;

  if (self->forced) {
    quilt_run_give_up (self->run);
    return;
  }
  g_warning (
      "Container %s has ended, but the journal or a reader has not accepted its last output yet",
      self->record->options->name);
  quilt_container_answer (self->end_waiters, NULL);
  starts = g_ptr_array_steal (self->settle_waiters, &n);
  for (gsize i = 0; i < n; i++)
    quilt_container_refuse_while_lingering (quilt_start_waiter_cancel (starts[i]), self);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree gpointer *tasks = g_ptr_array_steal (refused[i], &n);

    for (gsize j = 0; j < n; j++)
      quilt_container_refuse_while_lingering (tasks[j], self);
  }
}

static void
leave (QuiltContainer *self)
{
  g_free (self->left_scope);
  self->left_scope = g_strdup (quilt_run_get_place (self->run));
  g_clear_pointer (&self->run, quilt_run_free);
}

static void
start_again (QuiltContainer *self)
{
  gsize n;
  g_autofree gpointer *starts = g_ptr_array_steal (self->settle_waiters, &n);

  for (gsize i = 0; i < n; i++)
    quilt_start_waiter_continue (starts[i]);
  quilt_container_answer (self->rest_waiters, NULL);
}

/* Keeps the end of a container with auto-remove for callers that ask later. Called before anything
 * is removed: if quiltd crashes from here on, nothing else may show the end. */
static void
bury (QuiltContainer *self)
{
  if (self->record->options->auto_remove)
    quilt_containers_remember_end (self->containers, self->record->id, self->result.exit_code,
                                   self->result.reason);
}

static void
keep (QuiltContainer *self, const GError *why)
{
  quilt_container_answer (self->remove_waiters, why);
  quilt_container_answer (self->end_waiters, NULL);
}

static void
do_to_run (QuiltContainer *self, QuiltEffects effects, const QuiltHappening *how)
{
  if (effects & QUILT_DO_ALLOW)
    quilt_run_allow (self->run);
  if (effects & QUILT_DO_CALL_OFF)
    quilt_run_call_off (self->run, how->error);
  if (effects & QUILT_DO_CANCEL)
    quilt_run_stop (self->run, SIGKILL, 0);
  if (effects & QUILT_DO_STOP)
    quilt_run_stop (self->run, quilt_container_get_stop_signal (self), how->timeout_usec);
  if (effects & QUILT_DO_KILL)
    quilt_run_kill (self->run, SIGKILL);
  if (effects & QUILT_DO_RELEASE)
    quilt_run_release (self->run, !how->unrecorded);
}

/* Carries out effects in the order of QuiltEffects. Some cause the next event, so these come
 * last. */
static void
carry_out (QuiltContainer *self, const QuiltLifeStep *step, const QuiltHappening *how)
{
  if (step->effects & QUILT_DO_SHOW)
    show (self, step);
  if (step->effects & QUILT_DO_BURY)
    bury (self);
  if (step->effects & QUILT_DO_SHOW_END)
    show_end (self);
  if (step->effects & QUILT_DO_TAKE_STATE)
    take_state (self);
  if (step->effects & QUILT_DO_KNOWN)
    be_known (self);
  do_to_run (self, step->effects, how);
  if (step->effects & QUILT_DO_FINISH)
    finish (self);
  if (step->effects & QUILT_DO_ANSWER)
    answer_starts (self);
  if (step->effects & QUILT_DO_REFUSE)
    refuse_waiters (self);
  if (step->effects & QUILT_DO_LEAVE)
    leave (self);
  if (step->effects & QUILT_DO_DELETE)
    quilt_container_delete_files (self);
  if (step->effects & QUILT_DO_KEEP)
    keep (self, how->error);
  if (step->effects & QUILT_DO_VANISH)
    quilt_container_vanish (self);
  if (step->effects & QUILT_DO_REMOVED)
    quilt_container_end_removal (self);
  if (step->effects & QUILT_DO_START_AGAIN)
    start_again (self);
  if (step->effects & QUILT_DO_MARK)
    quilt_container_mark (self);
  if (step->effects & QUILT_DO_RECORD)
    quilt_container_record (self);
}

static void
step_to (QuiltContainer *self, QuiltLife next)
{
  QuiltActivity *work = quilt_hub_get_work (self->parts->hub);
  const gboolean rested = quilt_life_is_at_rest (self->life), rests = quilt_life_is_at_rest (next);

  self->life = next;
  if (rested && !rests)
    quilt_activity_begin (work);
  else if (rests && !rested)
    quilt_activity_end (work);
}

void
quilt_container_happen (QuiltContainer *self, QuiltLifeEvent event, const QuiltHappening *how)
{
  static const QuiltHappening plain = {0};
  g_autoptr (QuiltContainer) keep_alive = g_object_ref (self);
  QuiltLifeStep step;

  if (!quilt_life_step (self->life, event, &step)) {
    g_critical (
        "Container %s is %s and its files are %s: the event '%s' is impossible in this state",
        self->record->options->name, quilt_phase_to_string (self->life.phase),
        quilt_files_to_string (self->life.files), quilt_life_event_to_string (event));
    return;
  }
  step_to (self, step.next);
  carry_out (self, &step, how ? how : &plain);
}

gboolean
quilt_container_is_lingering (const QuiltContainer *self)
{
  return self->life.phase == QUILT_PHASE_LINGERING;
}

void
quilt_container_await_rest (QuiltContainer *self, GTask *task)
{
  if (quilt_container_is_lingering (self))
    quilt_container_refuse_while_lingering (task, self);
  else
    g_ptr_array_add (self->rest_waiters, task);
}

gboolean
quilt_container_check_editable (const QuiltContainer *self, const char *name, GError **error)
{
  if (quilt_container_is_gone (self))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "Container '%s' was removed", name);
  else if (quilt_life_is_doomed (self->life))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY, "Container '%s' is being removed", name);
  else if (self->life.files == QUILT_FILES_EDITED ||
           !g_str_equal (name, self->record->options->name))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Container '%s' is being changed by another call: try again", name);
  else
    return TRUE;
  return FALSE;
}

gboolean
quilt_container_check_supervisor (const QuiltContainer *self, GError **error)
{
  if (!self->run || !quilt_run_is_clogged (self->run))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
               "Container '%s' can't be changed: its supervisor does not read messages; try again",
               self->record->options->name);
  return FALSE;
}

void
quilt_container_begin_edit (QuiltContainer *self)
{
  quilt_container_happen (self, QUILT_LIFE_EDIT, NULL);
  quilt_hub_hold (self->parts->hub);
}

void
quilt_container_end_edit (QuiltContainer *self)
{
  QuiltHub *hub = self->parts->hub;

  quilt_container_happen (self, QUILT_LIFE_EDIT_END, NULL); /* may free the container */
  quilt_hub_release (hub);
}
