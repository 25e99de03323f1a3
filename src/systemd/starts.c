/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts of scopes: repeats a start that an older scope or a stopping slice is in the way of. */
#include "systemd/starts.h"

#include "base/error.h"
#include "systemd/cgroup.h"
#include "systemd/client/jobs.h"
#include "systemd/client/manager.h"

/* Time limit for the end of an older scope of the same name, whose processes are being killed. */
#define GONE_TIMEOUT_SEC 10

/* When a slice has lost its last scope, systemd queues the end of the slice (units/quilt-.slice.d),
 * one level after the other, and runs it once systemd is idle. Until then it refuses to start a
 * scope in the slice. At a shutdown it refuses for good, so retry only for a short time. */
#define SLICE_RETRIES 50
#define SLICE_RETRY_MS 10

struct QuiltStarts {
  QuiltJobs *jobs;
  QuiltGone *gone;
  GPtrArray *tasks; /* of GTask with a Start: not finished yet */
};

typedef struct {
  QuiltStarts *starts; /* NULL as soon as the task has returned */
  char *unit;
  GVariant *properties;
  QuiltJob *job; /* NULL while systemd is not asked */
  gboolean retried;
  guint slice_retries;
  GSource *cancelled;
} Start;

static void
start_free (gpointer data)
{
  Start *self = data;

  g_free (self->unit);
  g_variant_unref (self->properties);
  g_free (self);
}

/* Takes ownership of error; NULL is success. */
static void
end (GTask *task, GError *error)
{
  g_autoptr (GTask) holder = g_object_ref (task);
  Start *start = g_task_get_task_data (task);

  g_clear_pointer (&start->job, quilt_job_forget);
  if (start->cancelled) {
    g_source_destroy (start->cancelled);
    g_clear_pointer (&start->cancelled, g_source_unref);
  }
  g_ptr_array_remove_fast (start->starts->tasks, task);
  start->starts = NULL;
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void ask (GTask *task);

/* The older scope is gone, or the time limit has passed. */
static void
on_older_gone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Start *start = g_task_get_task_data (task);

  if (!start->starts)
    return;
  if (g_task_propagate_boolean (G_TASK (result), NULL))
    ask (task);
  else
    end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                            "Failed to start '%s': a scope of this name has been there for %d s; "
                            "see `systemctl status %s`",
                            start->unit, GONE_TIMEOUT_SEC, start->unit));
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
  Start *start = g_task_get_task_data (task);
  g_autoptr (GCancellable) timeout = g_cancellable_new ();
  g_autoptr (GHashTable) scopes = quilt_scopes_list (NULL);
  /* The older scope may be in another slice. */
  const char *place = scopes ? g_hash_table_lookup (scopes, start->unit) : NULL;
  g_autoptr (GTask) waiting = NULL;

  start->retried = TRUE;
  g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, GONE_TIMEOUT_SEC, on_gone_timeout,
                              g_object_ref (timeout), g_object_unref);
  waiting = g_task_new (NULL, timeout, on_older_gone, g_object_ref (task));
  quilt_gone_wait (start->starts->gone, place ? place : start->unit, waiting);
}

static gboolean
on_slice_retry (gpointer data)
{
  GTask *task = data;
  Start *start = g_task_get_task_data (task);

  if (start->starts)
    ask (task);
  return G_SOURCE_REMOVE;
}

static void
on_refused (GTask *task, const GError *error)
{
  Start *start = g_task_get_task_data (task);

  if (quilt_systemd_is_error (error, "TransactionIsDestructive") &&
      start->slice_retries++ < SLICE_RETRIES)
    g_timeout_add_full (G_PRIORITY_DEFAULT, SLICE_RETRY_MS, on_slice_retry, g_object_ref (task),
                        g_object_unref);
  else if (!quilt_systemd_is_error (error, "UnitExists"))
    end (task, quilt_systemd_describe (error, "start", start->unit));
  else if (!start->retried)
    wait_for_older (task);
  else
    end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                            "Failed to start '%s': systemd has a unit of this name; see "
                            "`systemctl status %s`",
                            start->unit, start->unit));
}

static void
on_job (const char *result, const GError *error, gpointer data)
{
  GTask *task = data;
  Start *start = g_task_get_task_data (task);

  start->job = NULL;
  if (!result)
    on_refused (task, error);
  else if (g_str_equal (result, "done"))
    end (task, NULL);
  else
    end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                            "Failed to start '%s': its job ended as '%s'; `journalctl -b UNIT=%s` "
                            "may show why",
                            start->unit, result, start->unit));
}

/* The list's reference to task outlives the job. */
static void
ask (GTask *task)
{
  Start *start = g_task_get_task_data (task);

  start->job =
      quilt_jobs_start_scope (start->starts->jobs, start->unit, start->properties, on_job, task);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  Start *start = g_task_get_task_data (task);

  end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED, "Failed to start '%s': cancelled",
                          start->unit));
  return G_SOURCE_REMOVE;
}

void
quilt_starts_start_scope_async (QuiltStarts *self,
                                const char *unit,
                                GVariant *properties,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, data);
  Start *start = g_new0 (Start, 1);

  g_task_set_check_cancellable (task, FALSE); /* a scope that has started is reported as started */
  start->starts = self;
  start->unit = g_strdup (unit);
  start->properties = g_variant_ref_sink (properties);
  g_task_set_task_data (task, start, start_free);
  if (cancellable) {
    start->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (start->cancelled, G_SOURCE_FUNC (on_cancelled), task, NULL);
    g_source_attach (start->cancelled, g_task_get_context (task));
  }
  g_ptr_array_add (self->tasks, task);
  ask (task);
}

QuiltStarts *
quilt_starts_new (QuiltDbus *dbus, QuiltGone *gone)
{
  QuiltStarts *self = g_new0 (QuiltStarts, 1);

  self->jobs = quilt_jobs_new (dbus, TRUE);
  self->gone = gone;
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
quilt_starts_free (QuiltStarts *self)
{
  while (self->tasks->len > 0) {
    GTask *task = self->tasks->pdata[0];
    Start *start = g_task_get_task_data (task);

    end (task, g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED,
                            "Failed to start '%s': quiltd is shutting down", start->unit));
  }
  g_ptr_array_unref (self->tasks);
  quilt_jobs_free (self->jobs);
  g_free (self);
}
