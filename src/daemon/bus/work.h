/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs long work on the disk in threads. The main thread owns all state. */
#pragma once

#include "store/store.h"

#include <gio/gio.h>

/* Runs in a thread, and uses only the store's descriptors and its own data. */
typedef gboolean (*QuiltWorkFunc) (QuiltStore *store, gpointer data, GError **error);

/* Calls callback in the main context, and frees data afterwards. */
void quilt_work_run (QuiltStore *store,
                     QuiltWorkFunc func,
                     gpointer data,
                     GDestroyNotify free_data,
                     GAsyncReadyCallback callback,
                     gpointer user_data);
gboolean quilt_work_finish (GAsyncResult *result, GError **error);

/* As quilt_work_run(), but runs at once in the main thread, for work that does not wait for a
 * disk. */
void quilt_work_run_here (QuiltStore *store,
                          QuiltWorkFunc func,
                          gpointer data,
                          GDestroyNotify free_data,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/* As quilt_work_run(), but in the only thread of pool, one after the other. */
GThreadPool *quilt_work_pool_new (void);
void quilt_work_run_in_turn (GThreadPool *pool,
                             QuiltStore *store,
                             QuiltWorkFunc func,
                             gpointer data,
                             GDestroyNotify free_data,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
