/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --tmpfs: a file system in memory at a path in the container. */
#pragma once

#include "spec/options/entries.h"

extern const QuiltShape quilt_tmpfs_shape; /* (sas): destination, options */

/* Reads such a structure: the path and its mount options for mount(8). The defaults are nosuid,
 * nodev, noexec and mode=1777, as in podman; size may have a unit. The caller owns the results.
 * Sets INVALID_ARGUMENT, which names option and member. */
gboolean quilt_tmpfs_read (
    const char *option, GVariant *entry, char **ret_path, char ***ret_options, GError **error);

/* Checks a whole list: no path may appear twice. */
gboolean quilt_tmpfs_check (const char *option, GVariant *tmpfs, GError **error);
