/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings in force for a container's first process, as the kernel reports them. */
#pragma once

#include <json-c/json.h>

/* Reads the settings from proc_fd, the directory /proc/PID, and from the process's cgroup: an
 * object with "namespaces", "uid_map", "gid_map", "user", "capabilities", "no_new_privileges",
 * "seccomp", "security_label", "oom_score_adj", "resource_limits" and "cgroup". A member that this
 * kernel does not report is null. scope is a path as quilt_cgroup_of() returns it. Returns NULL if
 * the process is gone, or not in the payload of that scope (its pid was reused). */
json_object *quilt_in_force_read (int proc_fd, const char *scope);

/* Pure parts. */

/* Adds the content of /proc/PID/status to object. */
void quilt_in_force_add_status (json_object *object, const char *status);
/* Converts /proc/PID/limits: "NOFILE": [soft, hard], null for no limit. */
json_object *quilt_in_force_limits (const char *limits);
/* Converts /proc/PID/uid_map: one string "0:100000:65536" for each line. */
json_object *quilt_in_force_map (const char *map);
