/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of systemd's units. */
#pragma once

#include <glib.h>

/* The paths of the cgroup of quilt.slice, which need not exist, and of the scope at a place in it
 * (see spec/slice.h). Owned by the caller. */
char *quilt_slice_path (void);
char *quilt_scope_path (const char *place);
/* The scope's cgroup as quilt_cgroup_of() would return it. Owned by the caller. */
char *quilt_scope_cgroup (const char *place);
/* Opens the scope's cgroup, if the scope has the mark of the container's ID. Returns -1 if not. */
int quilt_scope_open (const char *place, const char *id);
/* Kills all processes of a session in the scope, if the scope belongs to the container. */
void quilt_scope_kill_session (const char *place, const char *id, const char *session);
/* Thaws the container of the scope, if a process that was killed has left it paused: see
 * cgroup/pause.h. */
void quilt_scope_end_pause (int scope_fd);
/* Whether the container of the scope is paused for a short time, in that way. */
gboolean quilt_scope_is_paused (const char *place, const char *id);
/* Opens the cgroup of the supervisors in the scope. Returns -1 if there is none. */
int quilt_scope_open_supervisor (const char *place);

/* Whether the scope at that place may belong to the container: it has the mark of the container's
 * ID, or it has neither a mark nor a process, because the supervisor ended before the scope
 * existed. Returns an error if that is unknown now. */
gboolean
quilt_scope_belongs_to (const char *place, const char *id, gboolean *ret_belongs, GError **error);
/* Kills all processes of the scope, if it belongs to the container. The scope may be missing. */
gboolean quilt_scope_kill (const char *place, const char *id, GError **error);
/* The scopes in quilt.slice and in the slices below: a table from unit to place. Reads the
 * directories of the slices. */
GHashTable *quilt_scopes_list (GError **error);
/* Calls callback for each of these scopes that has Quilt's mark and processes. On error, there may
 * be more such scopes. */
gboolean quilt_scopes_foreach (void (*callback) (const char *scope, const char *id, gpointer data),
                               gpointer data,
                               GError **error);
/* Calls callback for each of these scopes that may be Quilt's by its name, and has neither the mark
 * nor a process. */
void quilt_scopes_foreach_empty (void (*callback) (const char *place, gpointer data),
                                 gpointer data);

/* The controllers available to units of this host, separated by blanks; empty: none. Owned by the
 * caller. */
char *quilt_cgroup_controllers (void);
