/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slices below quilt.slice, and the place of a container's scope in them. Pure. */
#pragma once

#include <glib.h>

#define QUILT_SLICE "quilt.slice"

/* Checks "batch", "quilt-batch" or "quilt-batch.slice", where each '-' begins a level
 * (systemd.slice(5)), or QUILT_SLICE itself. Returns FALSE and sets INVALID_ARGUMENT for other
 * texts. */
gboolean quilt_slice_check (const char *slice, GError **error);

/* The unit name of a slice that has passed the check; QUILT_SLICE for NULL. Owned by the caller. */
char *quilt_slice_unit (const char *slice);

/* The place of a scope: the path of its cgroup relative to that of QUILT_SLICE, as systemd nests
 * slices: "quilt-a.slice/quilt-a-b.slice/quilt-web.scope". slice is as for quilt_slice_unit().
 * Owned by the caller. */
char *quilt_slice_place (const char *slice, const char *scope);

/* The scope's unit name, the last component of its place. Points into place. */
const char *quilt_place_unit (const char *place);
