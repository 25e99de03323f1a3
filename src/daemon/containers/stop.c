/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a container's run: by its stop signal, by another signal, at systemd's request. */
#include "daemon/containers/lifecycle.h"

#include "base/error.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/setup.h"
#include "spec/slice.h"
#include "spec/names.h"
#include "systemd/freezer.h"

#include <signal.h>

gboolean
quilt_container_refuse (GTask *task, QuiltError code, const QuiltContainer *self, const char *why)
{
  g_task_return_new_error (task, QUILT_ERROR, code, "Container '%s' %s",
                           self->record->options->name, why);
  g_object_unref (task);
  return TRUE;
}

gboolean
quilt_container_refuse_while_frozen (GTask *task, const QuiltContainer *self)
{
  const QuiltOptions *options = self->record->options;
  g_autofree char *scope = quilt_scope_name (options->name);
  g_autofree char *place = quilt_slice_place (options->slice, scope);
  g_autofree char *slice = quilt_freezer_find_slice (place);
  g_autofree char *why = NULL;

  if (!slice)
    return FALSE;
  why = g_strdup_printf ("is frozen with all of %s: run systemctl thaw %s first", slice, slice);
  return quilt_container_refuse (task, QUILT_ERROR_INVALID_STATE, self, why);
}

gboolean
quilt_container_refuse_while_lingering (GTask *task, const QuiltContainer *self)
{
  return quilt_container_refuse (
      task, QUILT_ERROR_BUSY, self,
      "has ended, but the journal or a reader has not accepted its last output yet: see systemctl "
      "status systemd-journald.service, or discard the output with quiltctl remove --force");
}

void
quilt_container_stop (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  gboolean active = quilt_container_is_active (self);
  gboolean leaves = quilt_life_is_doomed (self->life) && !quilt_container_is_gone (self);
  const guint64 timeout_usec =
      args->has_timeout ? args->timeout_usec : self->record->options->stop_timeout_usec;

  quilt_setup_call_off (self);
  if (!active && (!leaves || quilt_container_is_lingering (self))) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  if (active && quilt_container_refuse_while_frozen (task, self))
    return;
  g_ptr_array_add (self->end_waiters, task);
  if (!active)
    return;
  if (args->close_output && !quilt_life_is_ending (self->life))
    quilt_run_order (self->run, QUILT_MESSAGE_CLOSE);
  quilt_container_happen (self, QUILT_LIFE_STOP, &(QuiltHappening){.timeout_usec = timeout_usec});
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    quilt_container_start (QUILT_CONTAINER (source), NULL, task);
    return;
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

void
quilt_container_restart (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  if (self->record->options->auto_remove && quilt_container_is_active (self)) {
    quilt_container_refuse (task, QUILT_ERROR_INVALID_STATE, self,
                            "is removed when it ends (--rm), so it can't be started again");
    return;
  }
  quilt_container_stop (self, args, g_task_new (self, NULL, on_stopped, task));
}

void
quilt_container_kill (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  if (args->signal == SIGKILL && quilt_setup_call_off (self)) {
    quilt_container_answer_one (task, NULL);
    return;
  }
  if (!quilt_container_is_active (self)) {
    quilt_container_refuse (task, QUILT_ERROR_INVALID_STATE, self, "does not run");
    return;
  }
  if (quilt_container_refuse_while_frozen (task, self))
    return;
  if (args->signal == SIGKILL) {
    g_ptr_array_add (self->end_waiters, task);
    quilt_container_happen (self, QUILT_LIFE_KILL, NULL);
    return;
  }
  if (self->state == QUILT_STATE_SETTING_UP) {
    quilt_container_refuse (task, QUILT_ERROR_INVALID_STATE, self,
                            "is being set up: only SIGKILL can be sent to it now");
    return;
  }
  if (!quilt_life_is_ending (self->life)) {
    if (quilt_run_is_clogged (self->run)) {
      quilt_container_refuse (task, QUILT_ERROR_BUSY, self,
                              "takes no more signals: its supervisor has not read the earlier "
                              "signals; try again, or send SIGKILL");
      return;
    }
    quilt_run_kill (self->run, args->signal);
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
quilt_container_wait (QuiltContainer *self, GTask *task)
{
  gboolean ended = self->state == QUILT_STATE_EXITED || self->state == QUILT_STATE_FAILED;
  gboolean leaves = self->record->options->auto_remove && quilt_life_is_doomed (self->life) &&
                    !quilt_container_is_lingering (self);

  if ((ended && !leaves) || quilt_container_is_gone (self))
    quilt_container_answer_one (task, NULL);
  else
    g_ptr_array_add (self->end_waiters, task);
}

void
quilt_container_end_wait (QuiltContainer *self, GTask *task)
{
  if (!g_ptr_array_remove (self->end_waiters, task))
    return;
  g_task_return_new_error (task, QUILT_ERROR, QUILT_ERROR_CANCELLED, "The caller has left the bus");
  g_object_unref (task);
}

void
quilt_container_on_stop_request (const char *unit, gpointer data)
{
  QuiltContainers *containers = data;
  g_autoptr (GPtrArray) all = quilt_containers_list (containers);
  const QuiltVerbArgs args = {0};

  quilt_warm_stop (quilt_containers_parts (containers)->warm, unit);
  for (guint i = 0; i < all->len; i++) {
    QuiltContainer *container = all->pdata[i];

    if (container->run && g_str_equal (quilt_run_get_scope (container->run), unit))
      quilt_container_stop (container, &args, g_task_new (container, NULL, NULL, NULL));
  }
}
