/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first half of a container's life: from a start to its command, and what its run tells. */
#include "daemon/container-life.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/container-private.h"
#include "daemon/host-limits.h"
#include "daemon/outcome.h"
#include "daemon/share.h"
#include "daemon/work.h"
#include "spec/words.h"

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
  quilt_container_known (self);
}

static void
on_settled (QuiltContainer *self)
{
  gsize n;
  g_autofree gpointer *starts = NULL;

  g_clear_pointer (&self->run, quilt_run_free);
  quilt_container_remove_if_due (self);
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
    quilt_outcome_failed (&self->result, stopped ? "stopped" : "failed",
                          (guint64)g_get_real_time (), error);
  else
    quilt_outcome_lost (&self->result, (guint64)g_get_real_time ());
  if (self->result.finished_usec == 0)
    self->result.finished_usec = (guint64)g_get_real_time ();
  quilt_container_record_end (self);
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
  case QUILT_RUN_LINGERING:
    quilt_container_linger (self);
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
    quilt_container_record_end (self);
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

static void
clear_descriptor (gpointer fd)
{
  quilt_fd_clear (fd);
}

static QuiltRun *
begin_run (QuiltContainer *self, const QuiltAttach *attach, GError **error)
{
  g_autofree char *scope = quilt_scope_name (self->record->options->name);
  g_autofree char *config = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  g_autoptr (GArray) joins = g_array_new (FALSE, FALSE, sizeof (int));
  QuiltRunPlan plan = {
      .id = self->record->id,
      .scope = scope,
      .options = self->record->options,
      .attach_stdout = attach ? attach->out : -1,
      .attach_stderr = attach ? attach->err : -1,
  };

  g_array_set_clear_func (joins, clear_descriptor);
  if (!self->image) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "The container's image '%s' (%s) is not there; import it again",
                 self->record->image, self->record->image_digest);
    return NULL;
  }
  if (!check_scope_free (self, scope, error) ||
      !quilt_host_limits_check (self->record->options, error))
    return NULL;
  quilt_host_limits_warn (self->daemon, self->record);
  spec = quilt_container_plan (self, error);
  if (!spec || !quilt_share_open (self->daemon, self->record->options, joins, error))
    return NULL;
  plan.joins = (const int *)(gpointer)joins->data;
  plan.n_joins = joins->len;
  config = quilt_spec_print (spec, FALSE);
  plan.config = config;
  return quilt_run_start (self->daemon, &plan, quilt_container_on_run, self, error);
}

static gboolean
refuse_if_not_startable (QuiltContainer *self, GTask *task)
{
  if (self->gone)
    return quilt_container_refuse (task, QUILT_ERROR_NOT_FOUND, self, "was removed");
  if (self->removing)
    return quilt_container_refuse (task, QUILT_ERROR_BUSY, self, "is being removed");
  if (quilt_container_is_lingering (self))
    return quilt_container_refuse_while_lingering (task, self);
  return FALSE;
}

void
quilt_container_start (QuiltContainer *self, const QuiltAttach *attach, GTask *task)
{
  g_autoptr (GError) error = NULL;

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
    g_ptr_array_add (self->settle_waiters, task);
    return;
  }
  g_ptr_array_add (self->start_waiters, task);
  if (self->state == QUILT_STATE_SETTING_UP || self->ended)
    return;
  quilt_outcome_begin (&self->result, (guint64)g_get_real_time ());
  self->run = begin_run (self, attach, &error);
  quilt_container_enter (self, QUILT_STATE_SETTING_UP);
  if (self->run)
    mark (self);
  else
    quilt_container_fail (self, error);
}
