/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work on the disk that may take long, away from the main thread. */
#include "daemon/containers/work.h"

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

QuiltContainerRecord *
quilt_work_copy_record (const QuiltContainerRecord *record)
{
  QuiltContainerRecord *copy = g_new0 (QuiltContainerRecord, 1);

  copy->id = g_strdup (record->id);
  copy->image = g_strdup (record->image);
  copy->image_digest = g_strdup (record->image_digest);
  copy->owner = record->owner;
  copy->created_usec = record->created_usec;
  copy->uid_map = quilt_id_map_copy (record->uid_map);
  copy->gid_map = quilt_id_map_copy (record->gid_map);
  copy->options = quilt_options_copy (record->options);
  copy->is_volatile = record->is_volatile;
  copy->more = g_strdup (record->more);
  return copy;
}

static gboolean
create (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_container_create (store, data, error);
}

void
quilt_work_create (QuiltStore *store,
                   const QuiltContainerRecord *record,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task =
      work_new (store, create, quilt_work_copy_record (record),
                (GDestroyNotify)quilt_container_record_free, callback, user_data);

  if (record->is_volatile)
    run (task); /* nothing is synced: no work for a thread, which would cost the start time */
  else
    g_task_run_in_thread (task, run_in_thread);
}

static gboolean
save (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_container_save (store, data, error);
}

void
quilt_work_save (QuiltStore *store,
                 const QuiltContainerRecord *record,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  quilt_work_run (store, save, quilt_work_copy_record (record),
                  (GDestroyNotify)quilt_container_record_free, callback, user_data);
}

typedef struct {
  char *id;
  QuiltResult result;
  gboolean durable;
} Change;

static void
change_free (Change *change)
{
  g_free (change->id);
  quilt_result_clear (&change->result);
  g_free (change);
}

static gboolean
save_result (QuiltStore *store, gpointer data, GError **error)
{
  const Change *change = data;

  return quilt_container_save_result (store, change->id, &change->result, TRUE, error);
}

void
quilt_work_save_result (QuiltStore *store,
                        const char *id,
                        const QuiltResult *result,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  Change *change = g_new0 (Change, 1);

  change->id = g_strdup (id);
  quilt_result_copy (result, &change->result);
  quilt_work_run (store, save_result, change, (GDestroyNotify)change_free, callback, user_data);
}

static gboolean
take_out (QuiltStore *store, gpointer data, GError **error)
{
  const Change *change = data;

  return quilt_container_retire (store, change->id, change->durable, error) &&
         quilt_container_delete (store, change->id, error);
}

void
quilt_work_remove (QuiltStore *store,
                   const char *id,
                   gboolean durable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  Change *change = g_new0 (Change, 1);

  change->id = g_strdup (id);
  change->durable = durable;
  quilt_work_run (store, take_out, change, (GDestroyNotify)change_free, callback, user_data);
}
