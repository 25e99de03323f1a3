/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work on the disk that may take long, away from the main thread, which owns all state. */
#pragma once

#include "store/containers.h"
#include "store/store.h"

#include <gio/gio.h>

/* Runs in a thread: touches the store's descriptors and its own data, and nothing else. */
typedef gboolean (*QuiltWorkFunc) (QuiltStore *store, gpointer data, GError **error);

/* callback comes in the main context; data is freed after it. */
void quilt_work_run (QuiltStore *store,
                     QuiltWorkFunc func,
                     gpointer data,
                     GDestroyNotify free_data,
                     GAsyncReadyCallback callback,
                     gpointer user_data);
gboolean quilt_work_finish (GAsyncResult *result, GError **error);

/* The same in the one thread of pool, one after the other. */
GThreadPool *quilt_work_pool_new (void);
void quilt_work_run_in_turn (GThreadPool *pool,
                             QuiltStore *store,
                             QuiltWorkFunc func,
                             gpointer data,
                             GDestroyNotify free_data,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

/* The works on containers. Copies are taken of what is given. */
void quilt_work_create (QuiltStore *store,
                        const QuiltContainerRecord *record,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
void quilt_work_save (QuiltStore *store,
                      const QuiltContainerRecord *record,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
void quilt_work_save_result (QuiltStore *store,
                             const char *id,
                             const QuiltResult *result,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/* Out of the store, and its files deleted. */
void quilt_work_remove (QuiltStore *store,
                        const char *id,
                        gboolean durable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);

QuiltContainerRecord *quilt_work_copy_record (const QuiltContainerRecord *record);
