/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and ends the cgroups of the scope that this process supervises: see cgroup/scope.h. */
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

/* Makes and opens the cgroup of a session. Returns -1 on error: BUSY while the container is paused
 * for a commit. */
int quilt_place_make_session (int scope_fd, const char *id, GError **error);

/* As quilt_place_kill(), for the processes of a session. */
int quilt_place_kill_session (int scope_fd, const char *id);

/* Removes the cgroup of a session, unless the session has left processes in it, and the empty
 * cgroups of earlier sessions. */
void quilt_place_remove_session (int scope_fd, const char *id);
