/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frozen scopes and slices; `systemctl freeze`, and cgroup.freeze in the kernel's cgroup-v2.rst. */
#pragma once

#include <glib.h>

/* cgroup is the path of a directory. */
gboolean quilt_freezer_is_frozen (const char *cgroup);

/* The unit of the slice, quilt.slice or below, that freezes the scope at this place (see
 * spec/slice.h). NULL if there is none. Owned by the caller. */
char *quilt_freezer_find_slice (const char *place);
