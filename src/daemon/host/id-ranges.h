/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ids of the host that containers have, and those that the next ones get. */
#pragma once

#include "spec/id-map.h"

typedef struct QuiltIdRanges QuiltIdRanges;

QuiltIdRanges *quilt_id_ranges_new (void);
/* Callers that wait are not called back any more. */
void quilt_id_ranges_free (QuiltIdRanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltIdRanges, quilt_id_ranges_free)

/* A container has these ids from now on: nobody gets them until it is released. An id that is the
 * same inside is its user's, and not only the container's. Maps may be NULL. */
void quilt_id_ranges_claim (QuiltIdRanges *self,
                            const char *container,
                            const GArray *uid_map,
                            const GArray *gid_map);
void quilt_id_ranges_release (QuiltIdRanges *self, const char *container);

/* The container that has an id of the map; NULL: none. ret_id is that id. */
const char *quilt_id_ranges_find (QuiltIdRanges *self, const GArray *map, guint32 *ret_id);

/* Begins to look for free ranges, so that the first container need not wait. */
void quilt_id_ranges_prepare (QuiltIdRanges *self);

/* Calls back with the first id of a range that nobody has: at once if one is known to be free, else
 * once one is found. Whoever wants to keep it claims it before he returns. With an error, first
 * means nothing. */
typedef void (*QuiltIdRangeFunc) (guint32 first, const GError *error, gpointer data);
void quilt_id_ranges_take (QuiltIdRanges *self, QuiltIdRangeFunc callback, gpointer data);
