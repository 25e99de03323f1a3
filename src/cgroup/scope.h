/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of a container: its scope, and in that the cgroup of the supervisors, the payload's,
 * and one for each session (exec). A scope is the path of its cgroup, as quilt_cgroup_of() returns
 * it. A part is the name of a cgroup directly below the scope.
 *
 * No other process can enter the payload, and no process of the container can leave it. So a
 * process whose cgroup is in the payload is the container's, even if another process had its pid
 * before. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#define QUILT_SCOPE_SUPERVISOR "supervisor"
#define QUILT_SCOPE_PAYLOAD "payload"

/* The part of the session with this ID. Owned by the caller. */
char *quilt_scope_name_session (const char *id);
/* Whether the part is that of a session. Pure. */
gboolean quilt_scope_is_session (const char *part);
/* Whether the processes of the part are the container's: it is the payload, or a session. Pure. */
gboolean quilt_scope_is_contained (const char *part);

/* The part of the scope that a cgroup is, or is below. Compares whole paths: a scope of the same
 * name in another slice is another scope. Returns NULL if the cgroup is in no part of this scope,
 * or scope is not a path below "/". Pure. Owned by the caller. */
char *quilt_scope_find_part (const char *scope, const char *cgroup);
/* Whether the process (0: ourselves) is in this part of the scope. FALSE if it does not exist. The
 * pid may be used again afterwards: to rely on the answer, the caller opens the process before, and
 * checks after that it is alive. */
gboolean quilt_scope_has_process (const char *scope, const char *part, pid_t pid);

/* For a process that works on a container which runs: opens the scope, and moves us to its
 * supervisors, so that the container's limits are ours. Returns the scope's directory, or -1 with
 * INVALID_STATE if the scope does not have the mark of the container id, or first is not a process
 * of its payload. */
int quilt_scope_join (const char *scope, const char *id, pid_t first, GError **error);
