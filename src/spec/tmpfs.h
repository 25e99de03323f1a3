/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --tmpfs takes: a place in the container for files that live in memory. */
#pragma once

#include <glib.h>

/* "PATH[:OPTION,…]", as quilt_text_divide() divides it, to the path and the mount options for it,
 * as mount(8) spells them. Without others they are nosuid, nodev, noexec and mode=1777, as
 * podman's; size may have a unit. INVALID_ARGUMENT naming option and word. */
gboolean quilt_tmpfs_parse (
    const char *option, const char *text, char **ret_path, char ***ret_options, GError **error);

/* The grammar of a whole list: each path once. */
gboolean quilt_tmpfs_check (const char *option, char **texts, GError **error);

/* Sorts: what lies below another comes after it. */
void quilt_tmpfs_normalize (char **texts);
