/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frozen scopes and slices; `systemctl freeze`, and cgroup.freeze in the kernel's cgroup-v2.rst. */
#pragma once

#include <glib.h>

/* cgroup is the path of a directory. */
gboolean quilt_freezer_is_frozen (const char *cgroup);

/* The unit of the slice, up to quilt.slice, with which the scope at this place (see spec/slice.h)
 * is frozen; NULL: there is none. Owned by the caller. */
char *quilt_freezer_find_slice (const char *place);
