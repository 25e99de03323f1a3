/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes to the disk that a run has begun, and how it ended. */
#include "base/fd.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/outcome.h"
#include "daemon/containers/run-dir.h"
#include "daemon/bus/work.h"
#include "daemon/containers/records.h"

/* The interval between attempts to write an end to a full disk. */
#define RETRY_SECONDS 3

static void
on_marked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;
  gboolean ok = quilt_work_finish (result, &error);

  quilt_container_happen (self, ok ? QUILT_LIFE_MARKED : QUILT_LIFE_UNMARKED,
                          &(QuiltHappening){.error = error});
}

/* Before the command is executed, the disk records that the run has begun. So after a crash of the
 * host, quiltd does not mistake the result of the previous run for the result of this run. A
 * volatile container needs the record only while the host is up. */
void
quilt_container_mark (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  if (!self->record->is_volatile) {
    quilt_records_save_result (self->parts->store, self->record->id, &self->result, on_marked,
                               g_object_ref (self));
    return;
  }
  ok = quilt_container_save_result (self->parts->store, self->record->id, &self->result, FALSE,
                                    &error);
  quilt_container_happen (self, ok ? QUILT_LIFE_MARKED : QUILT_LIFE_UNMARKED,
                          &(QuiltHappening){.error = error});
}

void
quilt_container_reopen (QuiltContainer *self, guint64 started_usec)
{
  g_autoptr (GError) error = NULL;

  if (quilt_outcome_is_open (&self->result))
    return;
  quilt_outcome_begin (&self->result, started_usec);
  if (!quilt_container_save_result (self->parts->store, self->record->id, &self->result, TRUE,
                                    &error))
    g_warning ("Failed to record that container %s runs: %s", self->record->options->name,
               error->message);
}

gboolean
quilt_container_find_kept_end (const QuiltContainer *self, QuiltMessage *ret_message)
{
  g_autoptr (GError) error = NULL;
  g_autofd int fd = quilt_container_open (self->parts->store, self->record->id, &error);

  if (fd >= 0 && quilt_message_load_end (fd, QUILT_CONTAINER_EXIT, ret_message, &error))
    return TRUE;
  if (!g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    g_warning ("Failed to read how container %s ended: %s", self->record->options->name,
               error->message);
  return FALSE;
}

/* The host was down. The run's end is known if the supervisor could still save it. */
static void
report_end (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;
  QuiltMessage kept;

  if (quilt_container_find_kept_end (self, &kept))
    quilt_outcome_from_message (&self->result, &kept);
  else
    quilt_outcome_lost (&self->result, (guint64)g_get_real_time ());
  if (!quilt_container_save_result (self->parts->store, self->record->id, &self->result, TRUE,
                                    &error))
    g_warning ("Failed to record how container %s ended: %s", self->record->options->name,
               error->message);
  quilt_container_happen (self, QUILT_LIFE_MISSED, NULL);
}

/* The files of a run in /run take precedence over the record: the supervisor knows whether the
 * container runs, and the exit record contains its end. Until one of them answers, assume that it
 * runs. */
void
quilt_container_recover (QuiltContainer *self, gboolean may_remove)
{
  const QuiltContainerRecord *record = self->record;

  if (quilt_container_resume (self))
    return;
  quilt_container_happen (self, QUILT_LIFE_UNFOUND, NULL);
  if (quilt_outcome_is_open (&self->result))
    report_end (self);
  /* After a power cut, the record may exist although the container was removed. */
  if (may_remove &&
      (record->is_volatile || (record->options->auto_remove && self->result.finished_usec)))
    quilt_container_happen (self, QUILT_LIFE_DOOM, NULL);
}

/* The disk may have room again. Writes in the main thread, since nothing may be written after the
 * mark of the next run. Returns FALSE if the end is on record, or need not be any more. */
static gboolean
retry_record (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->unrecorded || quilt_life_is_doomed (self->life))
    return FALSE;
  if (!quilt_container_save_result (self->parts->store, self->record->id, &self->result, TRUE,
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

  if (self->run) /* not settled: its directory in /run is still in use */
    return G_SOURCE_CONTINUE;
  if (retry_record (self))
    return G_SOURCE_CONTINUE;
  if (self->life.files != QUILT_FILES_GONE)
    quilt_run_dir_remove (self->parts->run_dirs, self->record->id, NULL);
  return G_SOURCE_REMOVE;
}

void
quilt_container_retry_records (QuiltContainers *containers)
{
  g_autoptr (GPtrArray) all = quilt_containers_list (containers);

  for (guint i = 0; i < all->len; i++)
    retry_record (all->pdata[i]);
}

static void
end_retries (gpointer data)
{
  g_autoptr (QuiltContainer) self = data;

  quilt_activity_end (quilt_hub_get_work (self->parts->hub));
}

static void
on_recorded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QuiltContainer) self = data;
  g_autoptr (GError) error = NULL;
  gboolean ok = quilt_work_finish (result, &error);

  if (!ok) {
    g_warning ("Failed to record how container %s ended: %s; quiltd tries again until it succeeds",
               self->record->options->name, error->message);
    self->unrecorded = TRUE;
    quilt_activity_begin (quilt_hub_get_work (self->parts->hub));
    g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, RETRY_SECONDS, on_retry, g_object_ref (self),
                                end_retries);
  }
  quilt_container_happen (self, QUILT_LIFE_RECORDED, &(QuiltHappening){.unrecorded = !ok});
}

/* A container that is removed next needs no record. */
void
quilt_container_record (QuiltContainer *self)
{
  if (self->record->options->auto_remove || quilt_life_is_doomed (self->life))
    quilt_container_happen (self, QUILT_LIFE_RECORDED, NULL);
  else
    quilt_records_save_result (self->parts->store, self->record->id, &self->result, on_recorded,
                               g_object_ref (self));
}
