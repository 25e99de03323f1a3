/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes a container: its files, what is left of its run, the object. */
#include "daemon/containers/lifecycle.h"

#include "base/error.h"
#include "daemon/bus/work.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/files-lock.h"
#include "daemon/containers/records.h"
#include "daemon/containers/run-dir.h"
#include "daemon/containers/setup.h"

static void
on_scope_gone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;

  if (!quilt_systemd_wait_finish (self->parts->systemd, result, &error))
    g_warning ("%s", error->message);
  quilt_container_answer (self->remove_waiters, NULL);
}

void
quilt_container_vanish (QuiltContainer *self)
{
  g_autoptr (GError) removed = NULL;

  if (self->run)
    quilt_containers_keep_leaving (self->containers, self, quilt_run_get_scope (self->run));
  else /* a run removes its directory; a run that could not begin leaves one */
    quilt_run_dir_remove (self->parts->run_dirs, self->record->id, NULL);
  quilt_container_unpublish (self);
  if (!self->result.reason || !*self->result.reason)
    removed = g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                           "Container '%s' was removed before it ran", self->record->options->name);
  quilt_container_answer (self->end_waiters, removed);
}

static void
continue_scope_waiters (QuiltContainer *self)
{
  gsize n;
  g_autofree gpointer *waiters = g_ptr_array_steal (self->scope_waiters, &n);

  for (gsize i = 0; i < n; i++)
    quilt_start_waiter_continue (waiters[i]);
}

void
quilt_container_end_removal (QuiltContainer *self)
{
  quilt_containers_drop_leaving (self->containers, self);
  continue_scope_waiters (self);
  /* When the removal returns, nothing may be left, not even an empty scope. */
  if (self->remove_waiters->len > 0 && self->left_scope && *self->left_scope)
    quilt_systemd_wait_left_async (self->parts->systemd, self->left_scope, on_scope_gone,
                                   g_object_ref (self));
  else
    quilt_container_answer (self->remove_waiters, NULL);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;

  if (quilt_work_finish (result, &error)) {
    quilt_container_happen (self, QUILT_LIFE_DELETED, NULL);
    return;
  }
  g_warning ("Failed to remove container %s: %s", self->record->options->name, error->message);
  quilt_container_happen (self, QUILT_LIFE_UNDELETED, &(QuiltHappening){.error = error});
}

/* The files are deleted while systemd removes the scope, since neither needs the other. */
void
quilt_container_delete_files (QuiltContainer *self)
{
  quilt_records_remove (self->parts->store, self->record->id, !self->record->is_volatile,
                        on_deleted, g_object_ref (self));
}

void
quilt_container_remove (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task)
{
  if (quilt_container_is_gone (self)) {
    quilt_container_refuse (task, QUILT_ERROR_NOT_FOUND, self, "was removed");
    return;
  }
  if (self->life.files == QUILT_FILES_EDITED) {
    quilt_container_refuse (task, QUILT_ERROR_BUSY, self, "is being changed");
    return;
  }
  if (!self->run && quilt_container_files_are_locked (self)) {
    quilt_container_refuse (task, QUILT_ERROR_BUSY, self,
                            "can't be removed while files are copied from or to it");
    return;
  }
  if (quilt_container_is_active (self) && !args->force) {
    quilt_container_refuse (task, QUILT_ERROR_BUSY, self,
                            "runs: stop it first, or force its removal (--force)");
    return;
  }
  if (quilt_container_is_active (self) && quilt_container_refuse_while_frozen (task, self))
    return;
  if (quilt_container_is_lingering (self)) {
    if (!args->force) {
      quilt_container_refuse_while_lingering (task, self);
      return;
    }
    quilt_run_give_up (self->run);
  }
  quilt_setup_call_off (self);
  self->forced = self->forced || args->force;
  g_ptr_array_add (self->remove_waiters, task);
  if (quilt_life_is_doomed (self->life))
    return;
  quilt_container_happen (self, QUILT_LIFE_DOOM, NULL);
  if (quilt_container_is_active (self))
    quilt_container_happen (self, QUILT_LIFE_KILL, NULL);
}
