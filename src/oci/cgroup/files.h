/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the cgroup managers: the directories, and the files in them. */
#pragma once

#include "spec/oci/oci.h"

/* The root of the cgroup2 tree; -1 with a message that says what to do on a host without. */
int quilt_oci_cgroup_open_root (GError **error);

/* Makes the directory at path with all controllers that it can have, and opens it. Sets
 * *ret_missing if the right to make it is missing, and nothing else is wrong. */
int quilt_oci_cgroup_make (const char *path, gboolean *ret_missing, GError **error);

/* Does the writes of quilt_cgroup_plan_writes() in the cgroup dir_fd; path is for messages. A file
 * that is not there is an error that names the controller. */
gboolean
quilt_oci_cgroup_write (int dir_fd, const char *path, const GPtrArray *writes, GError **error);

/* That the limits do not lie below what is in use, if the update asks for that check. */
gboolean quilt_oci_cgroup_check (int dir_fd, const QuiltOciResources *resources, GError **error);

/* Whether the cgroup has to belong to the container's root, and who that is on the host. Pure. */
gboolean quilt_oci_cgroup_needs_owner (const QuiltSpec *spec, uid_t *ret_owner);
/* Gives it to the container's root if so: not the limits, but the right to divide what there is. */
gboolean
quilt_oci_cgroup_give (int dir_fd, const char *path, const QuiltSpec *spec, GError **error);
