/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd's units have their cgroups. */
#pragma once

#include <glib.h>

/* The directory of quilt.slice, which need not be there, and of one scope in it. Owned by the
 * caller. */
char *quilt_slice_path (void);
char *quilt_scope_path (const char *scope);

/* Whether the scope of that name in quilt.slice is the container's: it has the mark of its ID. */
gboolean quilt_scope_belongs_to (const char *scope, const char *id);
/* Kills all processes of the scope, if it belongs to the container; no error if there is none. */
gboolean quilt_scope_kill (const char *scope, const char *id, GError **error);
/* Calls callback for each scope in quilt.slice that has Quilt's mark and processes. */
void quilt_scopes_foreach (void (*callback) (const char *scope, const char *id, gpointer data),
                           gpointer data);

/* The controllers that units of this host can have, separated by blanks; empty: none. Owned by the
 * caller. */
char *quilt_cgroup_controllers (void);
