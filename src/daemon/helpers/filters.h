/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filters of containers, from memory or from quilt-seccomp, which caches or
 * compiles them. */
#pragma once

#include "spec/seccomp/seccomp.h"

#include <gio/gio.h>

typedef struct QuiltFilters QuiltFilters;

/* Borrows helpers_fd. If cache_dir can't be used, logs that once; filters are then compiled each
 * time. */
QuiltFilters *quilt_filters_new (const char *libexec_dir, int helpers_fd, const char *cache_dir);
void quilt_filters_free (QuiltFilters *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltFilters, quilt_filters_free)

/* profile is a container's option "seccomp": "default" (or NULL), "unconfined", or the text of a
 * profile. caps is the container's bounding set. */

/* Finds a filter in memory: a sealed memory file, or -1 for "unconfined", and its key, NULL for
 * "unconfined". Both belong to self. Returns FALSE if the filter must be made first. */
gboolean quilt_filters_find (
    QuiltFilters *self, const char *profile, guint64 caps, int *ret_fd, const char **ret_key);

/* Makes the filter, once for all callers that ask meanwhile. If it is in memory already, succeeds
 * at once. Errors: INVALID_ARGUMENT, which names the fault of the profile, and FAILED. */
void quilt_filters_make_async (QuiltFilters *self,
                               const char *profile,
                               guint64 caps,
                               GAsyncReadyCallback callback,
                               gpointer data);
gboolean quilt_filters_make_finish (GAsyncResult *result, GError **error);

/* Returns the rules in force: *ret_seccomp is owned by the caller, NULL for "unconfined". */
gboolean quilt_filters_describe (QuiltFilters *self,
                                 const char *profile,
                                 guint64 caps,
                                 QuiltSeccomp **ret_seccomp,
                                 GError **error);
