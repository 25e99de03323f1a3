/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first half of a container's life: from the start to the command, and the events of its
 * run. */
#include "daemon/containers/lifecycle.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "daemon/bus/work.h"
#include "daemon/containers/etc.h"
#include "daemon/containers/files-lock.h"
#include "daemon/containers/outcome.h"
#include "daemon/containers/plan.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/records.h"
#include "daemon/containers/setup.h"
#include "daemon/containers/share.h"
#include "daemon/host/limits.h"
#include "spec/names.h"
#include "spec/options/setup-cache.h"
#include "spec/slice.h"

#include <errno.h>
#include <fcntl.h>

static void
set_log_held (QuiltContainer *self, gboolean held)
{
  if (self->log_held == held)
    return;
  self->log_held = held;
  quilt_container_refresh (self);
}

/* The command was executed, or is about to be. */
static void
go_on (QuiltContainer *self, QuiltLifeEvent event, QuiltLifeEvent event_cut, guint flags)
{
  quilt_container_happen (self, flags & QUILT_MESSAGE_FLAG_STOPPING ? event_cut : event, NULL);
}

/* The command was executed, so the steps have succeeded. */
static void
note_setup (QuiltContainer *self)
{
  self->result.set_up = quilt_setup_cache_get (self->record->options) != QUILT_SETUP_CACHE_OFF;
}

static void
on_run_ended (QuiltContainer *self, const QuiltMessage *message, const GError *error)
{
  gboolean stopped = self->state == QUILT_STATE_STOPPING;
  QuiltMessage kept;

  quilt_setup_end (self);
  if (!quilt_outcome_is_open (&self->result)) {
    quilt_container_happen (self, QUILT_LIFE_END_KNOWN, NULL);
    return;
  }
  if (!message && !error && quilt_container_find_kept_end (self, &kept))
    message = &kept;
  if (message) {
    self->log_used = message->done;
    self->log_used_usec = g_get_monotonic_time ();
    quilt_outcome_from_message (&self->result, message);
    if (message->type == QUILT_MESSAGE_EXITED)
      note_setup (self);
  } else if (error)
    quilt_outcome_failed (&self->result, stopped ? "stopped" : "failed",
                          (guint64)g_get_real_time (), error);
  else
    quilt_outcome_lost (&self->result, (guint64)g_get_real_time ());
  if (self->result.finished_usec == 0)
    self->result.finished_usec = (guint64)g_get_real_time ();
  quilt_container_happen (self, QUILT_LIFE_END, NULL);
}

static void
on_run (QuiltRunEvent event, const QuiltMessage *message, const GError *error, gpointer data)
{
  QuiltContainer *self = data;
  g_autoptr (QuiltContainer) keep = g_object_ref (self);

  if (event == QUILT_RUN_STEP || event == QUILT_RUN_RUNNING)
    quilt_container_reopen (self, message->time_usec);
  switch (event) {
  case QUILT_RUN_STEP:
    self->result.step = message->step;
    go_on (self, QUILT_LIFE_STEP, QUILT_LIFE_LAST_STEP, message->flags);
    if (message->flags & QUILT_MESSAGE_FLAG_DETAINED)
      quilt_setup_keep (self);
    break;
  case QUILT_RUN_RUNNING:
    self->result.step = 0;
    self->result.started_usec = message->time_usec;
    self->pid = (guint32)message->pid;
    go_on (self, QUILT_LIFE_EXECUTED, QUILT_LIFE_EXECUTED_CUT, message->flags);
    set_log_held (self, (message->flags & QUILT_MESSAGE_FLAG_HELD) != 0);
    note_setup (self);
    quilt_setup_end (self);
    break;
  case QUILT_RUN_ENDED:
    on_run_ended (self, message, error);
    break;
  case QUILT_RUN_CLOSING:
    quilt_container_happen (self, QUILT_LIFE_CLOSE, NULL);
    break;
  case QUILT_RUN_LINGERING:
    quilt_container_happen (self, QUILT_LIFE_LINGER, NULL);
    break;
  case QUILT_RUN_SETTLED:
    quilt_container_happen (self, QUILT_LIFE_SETTLED, NULL);
    break;
  }
}

gboolean
quilt_container_resume (QuiltContainer *self)
{
  self->run = quilt_run_adopt (self->containers, self->record->id, on_run, self);
  if (!self->run)
    return FALSE;
  if (self->result.unreadable)
    quilt_outcome_begin (&self->result, (guint64)g_get_real_time ());
  quilt_hub_hold (self->parts->hub);
  quilt_container_happen (self, QUILT_LIFE_FOUND, NULL);
  return TRUE;
}

/* If a running container was renamed, a new container may need the same scope. A run that has ended
 * leaves its scope to systemd, and a start waits for that. */
static gboolean
check_scope_free (QuiltContainer *self, const char *scope, GError **error)
{
  g_autoptr (GPtrArray) all = quilt_containers_list (self->containers);

  for (guint i = 0; i < all->len; i++) {
    const QuiltContainer *other = all->pdata[i];

    if (other == self || !other->run || !g_str_equal (quilt_run_get_scope (other->run), scope) ||
        (!quilt_container_is_active (other) && !quilt_container_is_lingering (other)))
      continue;
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The scope '%s' is in use by container '%s' until that container has ended", scope,
                 other->record->options->name);
    return FALSE;
  }
  return TRUE;
}

static void
clear_descriptor (gpointer fd)
{
  quilt_fd_clear (fd);
}

/* Plans a run, and finds its filter. *ret_ready is FALSE if the filter must be made first. */
static QuiltSpec *
plan_run (QuiltContainer *self, int *ret_filter, gboolean *ret_ready, GError **error)
{
  QuiltSpec *spec;
  const char *key;

  *ret_ready = TRUE;
  if (self->record->options->more) {
    g_autofree char *more = quilt_text_quote (self->record->options->more);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "The container has options that this version of Quilt does not know: %s; start it "
                 "with the version that created it, or create it again",
                 more);
    return NULL;
  }
  spec = quilt_container_plan (self, error);
  if (!spec)
    return NULL;
  *ret_ready =
      quilt_filters_find (self->parts->filters, quilt_options_get_seccomp (self->record->options),
                          spec->process.capabilities.bounding, ret_filter, &key);
  if (*ret_ready && key)
    g_hash_table_replace (spec->annotations, g_strdup (QUILT_ANNOTATION_SECCOMP), g_strdup (key));
  return spec;
}

/* The command reads the caller's pipe itself, unless the supervisor copies it to a terminal. */
static gboolean
open_streams (const QuiltSpec *spec, const QuiltStreams *streams, int ret_fds[3], GError **error)
{
  if (!streams)
    return TRUE;
  if (streams->in >= 0 && !spec->process.terminal) {
    ret_fds[0] = fcntl (streams->in, F_DUPFD_CLOEXEC, 0);
    if (ret_fds[0] < 0)
      return quilt_set_error_errno (error, errno, "Failed to copy the caller's pipe");
  } else if (!quilt_streams_reopen (streams->in, O_RDONLY, &ret_fds[0], error))
    return FALSE;
  return quilt_streams_reopen (streams->out, O_WRONLY, &ret_fds[1], error) &&
         quilt_streams_reopen (streams->err, O_WRONLY, &ret_fds[2], error);
}

/* Starts the run with the caller's streams. */
static QuiltRun *
run_with_streams (QuiltContainer *self,
                  QuiltRunPlan *plan,
                  const QuiltSpec *spec,
                  QuiltStreams *streams,
                  GError **error)
{
  QuiltRun *run = NULL;

  if (open_streams (spec, streams, plan->streams, error))
    run = quilt_run_start (self->containers, plan, on_run, self, error);
  for (guint i = 0; i < G_N_ELEMENTS (plan->streams); i++)
    quilt_fd_clear (&plan->streams[i]);
  if (streams)
    streams->is_taken = run != NULL;
  return run;
}

static QuiltRun *
begin_run (
    QuiltContainer *self, const QuiltSpec *spec, int filter, QuiltStreams *streams, GError **error)
{
  g_autofree char *scope = quilt_scope_name (self->record->options->name);
  g_autofree char *place = quilt_slice_place (self->record->options->slice, scope);
  g_autofree char *config = quilt_spec_print (spec, FALSE);
  g_autoptr (GArray) joins = g_array_new (FALSE, FALSE, sizeof (int));
  gboolean removed = self->record->options->auto_remove;
  char *etc[QUILT_ETC_FILES] = {NULL};
  QuiltRun *run;
  g_autofd int store_fd =
      removed ? -1 : quilt_container_open (self->parts->store, self->record->id, error);
  QuiltRunPlan plan = {
      .id = self->record->id,
      .place = place,
      .config = config,
      .etc = etc,
      .options = self->record->options,
      .devices = spec->devices,
      .streams = {-1, -1, -1},
      .filter = filter,
      .log_used = self->log_used,
      .log_used_usec = (guint64)self->log_used_usec,
      .owner = self->record->owner,
      .store_fd = store_fd,
      .detained = self->setup_key != NULL,
  };

  if ((!removed && store_fd < 0) || !check_scope_free (self, scope, error) ||
      !quilt_host_limits_check (&self->parts->defaults, self->record->options, error))
    return NULL;
  quilt_container_look_for_limits (self);
  if (*quilt_container_get_limits_not_in_force (self))
    quilt_host_limits_warn (self->record, quilt_container_get_limits_not_in_force (self));
  g_array_set_clear_func (joins, clear_descriptor);
  if (!quilt_share_open (self->containers, self->record->options, joins, error))
    return NULL;
  quilt_etc_texts (self, spec, etc);
  plan.joins = (const int *)(gpointer)joins->data;
  plan.n_joins = joins->len;
  run = run_with_streams (self, &plan, spec, streams, error);
  quilt_etc_clear (etc);
  return run;
}

static gboolean
refuse_if_not_startable (QuiltContainer *self, GTask *task)
{
  if (quilt_container_is_gone (self))
    return quilt_container_refuse (task, QUILT_ERROR_NOT_FOUND, self, "was removed");
  if (quilt_life_is_doomed (self->life))
    return quilt_container_refuse (task, QUILT_ERROR_BUSY, self, "is being removed");
  if (quilt_container_is_lingering (self))
    return quilt_container_refuse_while_lingering (task, self);
  if (!self->run && quilt_container_files_are_locked (self))
    return quilt_container_refuse (task, QUILT_ERROR_BUSY, self,
                                   "can't start while files are copied from or to it: try again "
                                   "when that is done");
  return FALSE;
}

/* From now on the events of run set the container's state. If run is NULL, the start has failed
 * with the error why. */
static void
enter_run (QuiltContainer *self, QuiltRun *run, const GError *why)
{
  self->run = run;
  self->unrecorded = FALSE;
  quilt_warm_drop (self->parts->warm,
                   self->record->options->name); /* if the run has not taken it */
  if (!run) {
    quilt_outcome_failed (&self->result, "failed", (guint64)g_get_real_time (), why);
    quilt_setup_end (self);
  }
  quilt_container_happen (self, run ? QUILT_LIFE_BEGIN : QUILT_LIFE_BAR, NULL);
}

void
quilt_container_bar (QuiltContainer *self, const GError *why)
{
  quilt_outcome_begin (&self->result, (guint64)g_get_real_time ());
  enter_run (self, NULL, why);
}

QuiltStartWaiter *
quilt_start_waiter_new (QuiltContainer *container, QuiltStreams *streams, GTask *task)
{
  QuiltStartWaiter *self = g_new (QuiltStartWaiter, 1);

  *self = (QuiltStartWaiter){g_object_ref (container), streams, task};
  return self;
}

void
quilt_start_waiter_continue (QuiltStartWaiter *self)
{
  g_autoptr (QuiltContainer) container = self->container;

  quilt_container_start (container, self->streams, self->task);
  g_free (self);
}

GTask *
quilt_start_waiter_cancel (QuiltStartWaiter *self)
{
  GTask *task = self->task;

  g_object_unref (self->container);
  g_free (self);
  return task;
}

static void
on_filter_made (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltStartWaiter *waiter = data;
  g_autoptr (QuiltContainer) self = waiter->container;
  GTask *task = waiter->task;
  g_autoptr (GError) error = NULL;

  if (quilt_filters_make_finish (result, &error)) {
    g_steal_pointer (&self);
    quilt_start_waiter_continue (waiter);
    return;
  }
  g_free (waiter);
  if (self->life.phase != QUILT_PHASE_IDLE || quilt_life_is_doomed (self->life)) {
    g_task_return_error (task, g_steal_pointer (&error));
    g_object_unref (task);
    return;
  }
  g_ptr_array_add (self->start_waiters, task);
  quilt_container_bar (self, error);
}

static void
wait_for_filter (QuiltContainer *self, const QuiltSpec *spec, QuiltStartWaiter *waiter)
{
  quilt_filters_make_async (self->parts->filters, quilt_options_get_seccomp (self->record->options),
                            spec->process.capabilities.bounding, on_filter_made, waiter);
}

/* A container of the same name that was removed may have the scope for another moment. */
static QuiltContainer *
find_leaving (const QuiltContainer *self)
{
  g_autofree char *scope = quilt_scope_name (self->record->options->name);

  return quilt_containers_find_leaving (self->containers, scope);
}

static void
set_size (QuiltSpec *spec, const QuiltStreams *streams)
{
  spec->process.has_console_size = streams->columns > 0 && streams->rows > 0;
  spec->process.console_width = (guint16)streams->columns;
  spec->process.console_height = (guint16)streams->rows;
}

static void
start_run (QuiltContainer *self, QuiltStreams *streams, GTask *task)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  QuiltContainer *leaving = find_leaving (self);
  QuiltRun *run;
  gboolean ready;
  int filter = -1;

  if (leaving) {
    g_ptr_array_add (leaving->scope_waiters, quilt_start_waiter_new (self, streams, task));
    return;
  }
  spec = plan_run (self, &filter, &ready, &error);
  if (!ready) {
    wait_for_filter (self, spec, quilt_start_waiter_new (self, streams, task));
    return;
  }
  /* From here on, a start that runs setup steps for others begins its run at once: nobody may
   * change the container's files before. */
  if (quilt_setup_waits (self, streams, task))
    return;
  g_ptr_array_add (self->start_waiters, task);
  quilt_outcome_begin (&self->result, (guint64)g_get_real_time ());
  if (spec && streams)
    set_size (spec, streams);
  run = spec ? begin_run (self, spec, filter, streams, &error) : NULL;
  enter_run (self, run, error);
}

void
quilt_container_start (QuiltContainer *self, QuiltStreams *streams, GTask *task)
{
  if (refuse_if_not_startable (self, task))
    return;
  if (self->state == QUILT_STATE_STOPPING) {
    quilt_container_refuse (task, QUILT_ERROR_BUSY, self,
                            "is being stopped; start it when that is done");
    return;
  }
  if (self->state == QUILT_STATE_RUNNING) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  if (self->run && self->state != QUILT_STATE_SETTING_UP) {
    g_ptr_array_add (self->settle_waiters, quilt_start_waiter_new (self, streams, task));
    return;
  }
  if (self->state == QUILT_STATE_SETTING_UP)
    g_ptr_array_add (self->start_waiters, task);
  else
    start_run (self, streams, task);
}
