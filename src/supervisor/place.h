/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup of the scope and the cgroups below it: "supervisor", "payload" for the container, and
 * "session-ID" for each session that runs in it (exec). */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Opens the cgroup of the scope, which this process is in; or, if it was divided, in a cgroup
 * below. Returns -1 on error. */
int quilt_place_open (gboolean divided, GError **error);

/* Marks the scope's cgroup with the container's ID. Moves this process and the container's first
 * process into their cgroups. */
gboolean quilt_place_divide (int scope_fd, const char *id, pid_t first, GError **error);

/* Makes both cgroups before there is a container, and moves this process into its own. */
gboolean quilt_place_prepare (GError **error);
/* Marks a prepared scope with the container's ID. Returns a descriptor of the payload's cgroup, in
 * which the container's first process can be cloned, or -1 on error. */
int quilt_place_mark (const char *id, GError **error);

/* Thaws the container's processes, if they are frozen. */
void quilt_place_thaw (int scope_fd);

/* Kills all of the container's processes, and those of its sessions. Returns a descriptor of the
 * payload's cgroup.events (see quilt_cgroup_events_populated()), or -1 with errno set. */
int quilt_place_kill (int scope_fd);

/* For a process that supervises a session: opens the cgroup of the container's scope, a path as
 * quilt_cgroup_of() returns it, and enters "supervisor" in it. Returns -1 with INVALID_STATE if
 * that is not the scope of the container id, or first is not a process of the container. */
int quilt_place_join (const char *scope, const char *id, pid_t first, GError **error);

/* Makes and opens the cgroup of a session. Returns -1 on error. */
int quilt_place_make_session (int scope_fd, const char *id, GError **error);

/* As quilt_place_kill(), for the processes of a session. */
int quilt_place_kill_session (int scope_fd, const char *id);

/* Removes the cgroup of a session, unless the session has left processes in it, and the empty
 * cgroups of earlier sessions. */
void quilt_place_remove_session (int scope_fd, const char *id);
