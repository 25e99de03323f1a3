/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work on the disk that may take long, away from the main thread, which owns all state. */
#pragma once

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

/* The same at once, in the main thread: for work that waits for no disk. */
void quilt_work_run_here (QuiltStore *store,
                          QuiltWorkFunc func,
                          gpointer data,
                          GDestroyNotify free_data,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/* The same in the one thread of pool, one after the other. */
GThreadPool *quilt_work_pool_new (void);
void quilt_work_run_in_turn (GThreadPool *pool,
                             QuiltStore *store,
                             QuiltWorkFunc func,
                             gpointer data,
                             GDestroyNotify free_data,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
