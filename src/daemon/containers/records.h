/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers' records on the disk, written and removed away from the main thread. */
#pragma once

#include "store/containers.h"
#include "store/store.h"

#include <gio/gio.h>

/* Copies are taken of what is given. Each is finished with quilt_work_finish(). */
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
/* Out of the store, and its files deleted. */
void quilt_records_remove (QuiltStore *store,
                           const char *id,
                           gboolean durable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

QuiltContainerRecord *quilt_records_copy (const QuiltContainerRecord *record);
