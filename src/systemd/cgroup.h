/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd's units have their cgroups. */
#pragma once

#include <glib.h>

/* The directory of quilt.slice, which need not be there, and of the scope at a place in it (see
 * spec/slice.h). Owned by the caller. */
char *quilt_slice_path (void);
char *quilt_scope_path (const char *place);

/* Whether the scope at that place may be the container's: it has the mark of its ID, or neither a
 * mark nor a process, as if the supervisor ended before the scope was there. An error: that is not
 * known now. */
gboolean
quilt_scope_belongs_to (const char *place, const char *id, gboolean *ret_belongs, GError **error);
/* Kills all processes of the scope, if it belongs to the container; no error if there is none. */
gboolean quilt_scope_kill (const char *place, const char *id, GError **error);
/* The scopes in quilt.slice and in the slices below: unit to place. It reads the directories of the
 * slices. */
GHashTable *quilt_scopes_list (GError **error);
/* Calls callback for each of them that has Quilt's mark and processes. An error: there may be more
 * of them. */
gboolean quilt_scopes_foreach (void (*callback) (const char *scope, const char *id, gpointer data),
                               gpointer data,
                               GError **error);

/* The controllers that units of this host can have, separated by blanks; empty: none. Owned by the
 * caller. */
char *quilt_cgroup_controllers (void);
