/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes and removes containers' records in threads. */
#include "daemon/containers/records.h"

#include "daemon/bus/work.h"

QuiltContainerRecord *
quilt_records_copy (const QuiltContainerRecord *record)
{
  QuiltContainerRecord *copy = g_new0 (QuiltContainerRecord, 1);

  copy->id = g_strdup (record->id);
  copy->image = g_strdup (record->image);
  copy->image_digest = g_strdup (record->image_digest);
  copy->setup_image = g_strdup (record->setup_image);
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
quilt_records_create (QuiltStore *store,
                      const QuiltContainerRecord *record,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  QuiltContainerRecord *copy = quilt_records_copy (record);
  GDestroyNotify free_copy = (GDestroyNotify)quilt_container_record_free;

  /* A volatile record is not synced, and a thread would delay the start. */
  if (record->is_volatile)
    quilt_work_run_here (store, create, copy, free_copy, callback, user_data);
  else
    quilt_work_run (store, create, copy, free_copy, callback, user_data);
}

static gboolean
save (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_container_save (store, data, error);
}

void
quilt_records_save (QuiltStore *store,
                    const QuiltContainerRecord *record,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  quilt_work_run (store, save, quilt_records_copy (record),
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
quilt_records_save_result (QuiltStore *store,
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
quilt_records_remove (QuiltStore *store,
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
