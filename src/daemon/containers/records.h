/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes and removes containers' records in threads. */
#pragma once

#include "store/containers.h"
#include "store/store.h"

#include <gio/gio.h>

/* Each function copies its inputs. Finish with quilt_work_finish(). */
void quilt_records_create (QuiltStore *store,
                           const QuiltContainerRecord *record,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
void quilt_records_save (QuiltStore *store,
                         const QuiltContainerRecord *record,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
void quilt_records_save_result (QuiltStore *store,
                                const char *id,
                                const QuiltResult *result,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* Removes the container from the store, and deletes its files. */
void quilt_records_remove (QuiltStore *store,
                           const char *id,
                           gboolean durable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

QuiltContainerRecord *quilt_records_copy (const QuiltContainerRecord *record);
