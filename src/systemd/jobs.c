/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting scopes by systemd's jobs, from the request to JobRemoved. */
#include "systemd/jobs.h"

#include "base/error.h"
#include "systemd/call.h"
#include "systemd/cgroup.h"

/* Time limit for the end of an older scope of the same name, whose processes are being killed. */
#define GONE_TIMEOUT_SEC 10

/* When a slice has lost its last scope, systemd queues the end of the slice (units/quilt-.slice.d),
 * one level after the other, and runs it once systemd is idle. Until then it refuses to start a
 * scope in the slice. At a shutdown it refuses for good, so retry only for a short time. */
#define SLICE_RETRIES 50
#define SLICE_RETRY_MS 10

struct QuiltJobs {
  GDBusConnection *bus;
  QuiltGone *gone;
  GPtrArray *tasks; /* of GTask with a Job, for the unfinished ones */
  guint job_removed;
};

/* One call of StartTransientUnit. */
typedef struct {
  QuiltJobs *jobs; /* NULL once the task has returned: a late reply is ignored */
  char *unit;
  GVariant *properties;
  gboolean retried;
  guint slice_retries;
  GSource *cancelled;
  char *path;       /* path of systemd's job; NULL until the reply */
  char *early_path; /* job of a JobRemoved for this unit that arrived before the reply */
  char *early_result;
} Job;

static void
job_free (Job *job)
{
  g_free (job->unit);
  g_clear_pointer (&job->properties, g_variant_unref);
  g_free (job->path);
  g_free (job->early_path);
  g_free (job->early_result);
  g_free (job);
}

/* Jobs: a reply with the job's path, and JobRemoved with its result. */

/* Ends the task. Takes ownership of error; NULL means success. */
static void
job_end (GTask *task, GError *error)
{
  g_autoptr (GTask) holder = g_object_ref (task);
  Job *job = g_task_get_task_data (task);

  if (job->cancelled) {
    g_source_destroy (job->cancelled);
    g_clear_pointer (&job->cancelled, g_source_unref);
  }
  g_ptr_array_remove_fast (job->jobs->tasks, task);
  job->jobs = NULL;
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
job_removed (GTask *task, const char *result)
{
  Job *job = g_task_get_task_data (task);

  job_end (task, g_str_equal (result, "done")
                     ? NULL
                     : g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                                    "Failed to start '%s': its job ended as '%s'; `journalctl -b "
                                    "UNIT=%s` may show why",
                                    job->unit, result, job->unit));
}

static void
on_job_removed (GDBusConnection *bus,
                const char *sender,
                const char *path,
                const char *interface,
                const char *signal,
                GVariant *arguments,
                gpointer data)
{
  QuiltJobs *self = data;
  const char *job_path, *unit, *result;

  if (self->tasks->len == 0 || !g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(uoss)")))
    return;
  g_variant_get (arguments, "(u&o&s&s)", NULL, &job_path, &unit, &result);
  for (guint i = 0; i < self->tasks->len; i++) {
    Job *job = g_task_get_task_data (self->tasks->pdata[i]);

    if (g_strcmp0 (job->path, job_path) == 0) {
      job_removed (self->tasks->pdata[i], result);
      return;
    }
    if (!job->path && g_str_equal (job->unit, unit)) {
      g_free (job->early_path);
      g_free (job->early_result);
      job->early_path = g_strdup (job_path);
      job->early_result = g_strdup (result);
    }
  }
}

static void
job_begun (GTask *task, GVariant *reply)
{
  Job *job = g_task_get_task_data (task);

  g_variant_get (reply, "(o)", &job->path);
  if (g_strcmp0 (job->early_path, job->path) == 0)
    job_removed (task, job->early_result);
}

static gboolean
on_job_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  Job *job = g_task_get_task_data (task);

  job_end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED, "Failed to start '%s': cancelled",
                              job->unit));
  return G_SOURCE_REMOVE;
}

/* Returns a reference for the reply's callback. The list has its own reference. */
static GTask *
job_new (QuiltJobs *self,
         const char *unit,
         GCancellable *cancellable,
         GAsyncReadyCallback callback,
         gpointer data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, data);
  Job *job = g_new0 (Job, 1);

  g_task_set_check_cancellable (task, FALSE); /* a scope that has started is reported as started */
  job->jobs = self;
  job->unit = g_strdup (unit);
  g_task_set_task_data (task, job, (GDestroyNotify)job_free);
  if (cancellable) {
    job->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (job->cancelled, G_SOURCE_FUNC (on_job_cancelled), task, NULL);
    g_source_attach (job->cancelled, g_task_get_context (task));
  }
  g_ptr_array_add (self->tasks, g_object_ref (task));
  return task;
}

/* Start. */

static void start_transient_unit (GTask *task);

/* The older scope is gone, or the time limit has passed. */
static void
on_older_gone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Job *job = g_task_get_task_data (task);

  if (!job->jobs)
    return;
  if (g_task_propagate_boolean (G_TASK (result), NULL))
    start_transient_unit (g_steal_pointer (&task));
  else
    job_end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                                "Failed to start '%s': a scope of this name has been there for "
                                "%d s; see `systemctl status %s`",
                                job->unit, GONE_TIMEOUT_SEC, job->unit));
}

static gboolean
on_gone_timeout (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
wait_for_older (GTask *task)
{
  Job *job = g_task_get_task_data (task);
  g_autoptr (GCancellable) timeout = g_cancellable_new ();
  g_autoptr (GHashTable) scopes = quilt_scopes_list (NULL);
  /* The older scope may be in another slice. */
  const char *place = scopes ? g_hash_table_lookup (scopes, job->unit) : NULL;
  g_autoptr (GTask) waiting = NULL;

  job->retried = TRUE;
  g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, GONE_TIMEOUT_SEC, on_gone_timeout,
                              g_object_ref (timeout), g_object_unref);
  waiting = g_task_new (NULL, timeout, on_older_gone, task);
  quilt_gone_wait (job->jobs->gone, place ? place : job->unit, waiting);
}

static gboolean
on_slice_retry (gpointer data)
{
  GTask *task = data;
  Job *job = g_task_get_task_data (task);

  if (job->jobs)
    start_transient_unit (g_object_ref (task));
  return G_SOURCE_REMOVE;
}

static void
on_start_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Job *job = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (!job->jobs)
    return;
  if (reply)
    job_begun (task, reply);
  else if (quilt_systemd_is_error (error, "TransactionIsDestructive") &&
           job->slice_retries++ < SLICE_RETRIES)
    g_timeout_add_full (G_PRIORITY_DEFAULT, SLICE_RETRY_MS, on_slice_retry, g_object_ref (task),
                        g_object_unref);
  else if (!quilt_systemd_is_error (error, "UnitExists"))
    job_end (task, quilt_systemd_describe (error, "start", job->unit));
  else if (!job->retried)
    wait_for_older (g_steal_pointer (&task));
  else
    job_end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                                "Failed to start '%s': systemd has a unit of this name; see "
                                "`systemctl status %s`",
                                job->unit, job->unit));
}

static void
start_transient_unit (GTask *task)
{
  Job *job = g_task_get_task_data (task);

  quilt_systemd_call (
      job->jobs->bus, "StartTransientUnit",
      g_variant_new ("(ss@a(sv)a(sa(sv)))", job->unit, "fail", job->properties, NULL), "(o)", NULL,
      on_start_reply, task);
}

void
quilt_jobs_start_scope_async (QuiltJobs *self,
                              const char *unit,
                              GVariant *properties,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  GTask *task = job_new (self, unit, cancellable, callback, data);
  Job *job = g_task_get_task_data (task);

  job->properties = g_variant_ref_sink (properties);
  start_transient_unit (task);
}

QuiltJobs *
quilt_jobs_new (GDBusConnection *bus, QuiltGone *gone)
{
  QuiltJobs *self = g_new0 (QuiltJobs, 1);

  self->bus = g_object_ref (bus);
  self->gone = gone;
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  /* systemd sends JobRemoved to the caller that requested the job, so Subscribe() is not needed. */
  self->job_removed = g_dbus_connection_signal_subscribe (
      self->bus, SYSTEMD_NAME, SYSTEMD_MANAGER, "JobRemoved", SYSTEMD_PATH, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_job_removed, self, NULL);
  return self;
}

void
quilt_jobs_free (QuiltJobs *self)
{
  while (self->tasks->len > 0) {
    GTask *task = self->tasks->pdata[0];
    Job *job = g_task_get_task_data (task);

    job_end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED,
                                "Failed to start '%s': quiltd is shutting down", job->unit));
  }
  g_ptr_array_unref (self->tasks);
  g_dbus_connection_signal_unsubscribe (self->bus, self->job_removed);
  g_object_unref (self->bus);
  g_free (self);
}
