/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the cgroup managers: the directories, and the files in them. */
#pragma once

#include "spec/oci/oci.h"

/* Opens the root of the cgroup2 tree. On a host without cgroup2, returns -1 with an error that says
 * what to do. */
int quilt_oci_cgroup_open_root (GError **error);

/* Makes the directory at path with all available controllers, and opens it. Returns -1 on error.
 * *ret_missing is then whether the caller lacks the permission to make it. */
int quilt_oci_cgroup_make (const char *path, gboolean *ret_missing, GError **error);

/* Does the writes of quilt_cgroup_plan_writes() in the cgroup dir_fd. path is for messages. If a
 * file does not exist, the error names the controller. */
gboolean
quilt_oci_cgroup_write (int dir_fd, const char *path, const GPtrArray *writes, GError **error);

/* If resources ask for the check, INVALID_ARGUMENT if a limit is below the memory in use. */
gboolean quilt_oci_cgroup_check (int dir_fd, const QuiltOciResources *resources, GError **error);

/* Whether the cgroup has to belong to the container's root. *ret_owner is that user on the host.
 * Pure. */
gboolean quilt_oci_cgroup_needs_owner (const QuiltSpec *spec, uid_t *ret_owner);
/* If so, makes the container's root the owner of the directory and of the files for cgroups below
 * it. The limits stay root's. */
gboolean
quilt_oci_cgroup_give (int dir_fd, const char *path, const QuiltSpec *spec, GError **error);
