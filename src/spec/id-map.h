/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The id maps of a user namespace: which ids of the container are which ids of the host. */
#pragma once

#include <glib.h>

/* One line of /proc/PID/uid_map: the ids inside, inside + 1, … are outside, outside + 1, … of the
 * host. See user_namespaces(7). */
typedef struct {
  guint32 inside;
  guint32 outside;
  guint32 count;
} QuiltIdMap;

/* A map is a GArray of QuiltIdMap with at most this many lines, the kernel's limit. */
#define QUILT_ID_MAP_LINES 340
/* The number of ids that a container has by default. */
#define QUILT_ID_RANGE 65536

GArray *quilt_id_map_new (void);
void quilt_id_map_add (GArray *map, guint32 inside, guint32 outside, guint32 count);
GArray *quilt_id_map_copy (const GArray *map);

/* Maps 0 to 65535 to the range that begins at outside. */
GArray *quilt_id_map_new_range (guint32 outside);
/* As quilt_id_map_new_range(), but maps id (not 0) to itself. If id is above 65535, it is mapped in
 * addition. */
GArray *quilt_id_map_new_keeping (guint32 outside, guint32 id);

/* Checks that the kernel accepts the map: 1 to 340 lines, valid ids only, and no id twice on either
 * side. Sets INVALID_ARGUMENT, which names the line. */
gboolean quilt_id_map_check (const GArray *map, GError **error);

/* Parses and checks "FROM:TO:COUNT[,FROM:TO:COUNT…]", and prints that form. Owned by the caller. */
GArray *quilt_id_map_parse (const char *text, GError **error);
char *quilt_id_map_print (const GArray *map);

/* The host's id for an id inside. Returns FALSE if that id is not mapped. */
gboolean quilt_id_map_find (const GArray *map, guint32 inside, guint32 *ret_outside);
/* The id inside for an id of the host. Returns FALSE if that id is not mapped. */
gboolean quilt_id_map_find_inside (const GArray *map, guint32 outside, guint32 *ret_inside);

/* Whether both maps contain the same id of the host; ret_outside (may be NULL) is the first such
 * id. */
gboolean quilt_id_map_overlaps (const GArray *map, const GArray *other, guint32 *ret_outside);

/* Values of the option userns. Any other value is a map for both users and groups. */
#define QUILT_USERNS_AUTO "auto"
#define QUILT_USERNS_HOST "host"
#define QUILT_USERNS_KEEP_ID "keep-id"

/* Checks a value of that option. A map must have an id 0 inside. Sets INVALID_ARGUMENT with the
 * fault. */
gboolean quilt_userns_check (const char *text, GError **error);
