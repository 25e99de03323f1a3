/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slices below quilt.slice, and where in them the scope of a container is. Pure. */
#pragma once

#include <glib.h>

#define QUILT_SLICE "quilt.slice"

/* "batch", "quilt-batch" or "quilt-batch.slice", where each '-' is a level (systemd.slice(5)), or
 * QUILT_SLICE itself. FALSE sets INVALID_ARGUMENT. */
gboolean quilt_slice_check (const char *slice, GError **error);

/* The unit of a slice that has passed that check; of NULL, QUILT_SLICE. Owned by the caller. */
char *quilt_slice_unit (const char *slice);

/* The place of a scope: the path of its cgroup from that of QUILT_SLICE, as systemd nests slices,
 * "quilt-a.slice/quilt-a-b.slice/quilt-web.scope". slice as above. Owned by the caller. */
char *quilt_slice_place (const char *slice, const char *scope);

/* The scope's unit, the last component of its place: points into that. */
const char *quilt_place_unit (const char *place);
