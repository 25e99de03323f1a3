/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's ids of all containers, and free ranges for new ones. */
#pragma once

#include "spec/id-map.h"

typedef struct QuiltIdRanges QuiltIdRanges;

QuiltIdRanges *quilt_id_ranges_new (void);
/* Does not call waiting callers back. */
void quilt_id_ranges_free (QuiltIdRanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltIdRanges, quilt_id_ranges_free)

/* Claims these ids for a container until they are released. An id that is the same inside and
 * outside belongs to its user, so other containers may have it too. Maps may be NULL. */
void quilt_id_ranges_claim (QuiltIdRanges *self,
                            const char *container,
                            const GArray *uid_map,
                            const GArray *gid_map);
void quilt_id_ranges_release (QuiltIdRanges *self, const char *container);

/* The container that has an id of the map, or NULL. ret_id is that id. */
const char *quilt_id_ranges_find (QuiltIdRanges *self, const GArray *map, guint32 *ret_id);

/* Begins to search free ranges, so that the first container need not wait. */
void quilt_id_ranges_prepare (QuiltIdRanges *self);

/* Calls callback with the first id of a free range: at once if one is known, otherwise when one is
 * found. To keep the range, the callback must claim it before it returns. With an error, first is
 * not valid. */
typedef void (*QuiltIdRangeFunc) (guint32 first, const GError *error, gpointer data);
void quilt_id_ranges_take (QuiltIdRanges *self, QuiltIdRangeFunc callback, gpointer data);
