/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filters of containers: found in memory, or fetched from quilt-seccomp, which has
 * them on disk or compiles them. */
#pragma once

#include "spec/seccomp/seccomp.h"

#include <gio/gio.h>

typedef struct QuiltFilters QuiltFilters;

/* helpers_fd stays the caller's. A cache_dir that can't be used is said once, and costs time only.
 */
QuiltFilters *quilt_filters_new (const char *libexec_dir, int helpers_fd, const char *cache_dir);
void quilt_filters_free (QuiltFilters *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltFilters, quilt_filters_free)

/* A profile is the option "seccomp" of a container: "default" (or NULL), "unconfined" or the text
 * of one. caps is the container's bounding set. */

/* The filter, if it is in memory: a sealed memory file, -1 for "unconfined", and its key, NULL for
 * that. Both are self's. FALSE: it has to be made. */
gboolean quilt_filters_find (
    QuiltFilters *self, const char *profile, guint64 caps, int *ret_fd, const char **ret_key);

/* Puts it into memory, once for all who ask meanwhile; what is there already is success. Errors:
 * those of the profile, INVALID_ARGUMENT naming what is wrong with it, FAILED. */
void quilt_filters_make_async (QuiltFilters *self,
                               const char *profile,
                               guint64 caps,
                               GAsyncReadyCallback callback,
                               gpointer data);
gboolean quilt_filters_make_finish (GAsyncResult *result, GError **error);

/* The rules that are in force: *ret_seccomp is the caller's, NULL for "unconfined". */
gboolean quilt_filters_describe (QuiltFilters *self,
                                 const char *profile,
                                 guint64 caps,
                                 QuiltSeccomp **ret_seccomp,
                                 GError **error);
