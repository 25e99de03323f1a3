/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of --tmpfs: a place in the container for files in memory. */
#pragma once

#include "spec/options/entries.h"

extern const QuiltShape quilt_tmpfs_shape; /* (sas): destination, options */

/* Reads such a structure: the path and the mount options for it, as mount(8) spells them. Without
 * others they are nosuid, nodev, noexec and mode=1777, as podman's; size may have a unit. The
 * results are the caller's. INVALID_ARGUMENT naming option and member. */
gboolean quilt_tmpfs_read (
    const char *option, GVariant *entry, char **ret_path, char ***ret_options, GError **error);

/* A whole list: each path once. */
gboolean quilt_tmpfs_check (const char *option, GVariant *tmpfs, GError **error);
