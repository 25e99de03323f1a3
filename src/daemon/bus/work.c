/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs long work on the disk in threads. */
#include "daemon/bus/work.h"

typedef struct {
  QuiltStore *store;
  QuiltWorkFunc func;
  gpointer data;
  GDestroyNotify free_data;
} Work;

static void
work_free (Work *work)
{
  if (work->free_data)
    work->free_data (work->data);
  quilt_store_unref (work->store);
  g_free (work);
}

static GTask *
work_new (QuiltStore *store,
          QuiltWorkFunc func,
          gpointer data,
          GDestroyNotify free_data,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->store = quilt_store_ref (store);
  work->func = func;
  work->data = data;
  work->free_data = free_data;
  g_task_set_task_data (task, work, (GDestroyNotify)work_free);
  return task;
}

static void
run (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (work->func (work->store, work->data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  run (task);
}

static void
run_in_pool (gpointer data, gpointer pool_data)
{
  g_autoptr (GTask) task = data;

  run (task);
}

void
quilt_work_run (QuiltStore *store,
                QuiltWorkFunc func,
                gpointer data,
                GDestroyNotify free_data,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task = work_new (store, func, data, free_data, callback, user_data);

  g_task_run_in_thread (task, run_in_thread);
}

void
quilt_work_run_here (QuiltStore *store,
                     QuiltWorkFunc func,
                     gpointer data,
                     GDestroyNotify free_data,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = work_new (store, func, data, free_data, callback, user_data);

  run (task);
}

gboolean
quilt_work_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

GThreadPool *
quilt_work_pool_new (void)
{
  return g_thread_pool_new (run_in_pool, NULL, 1, FALSE, NULL);
}

void
quilt_work_run_in_turn (GThreadPool *pool,
                        QuiltStore *store,
                        QuiltWorkFunc func,
                        gpointer data,
                        GDestroyNotify free_data,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_thread_pool_push (pool, work_new (store, func, data, free_data, callback, user_data), NULL);
}
