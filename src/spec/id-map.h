/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ids of a container are which of the host: the maps of a user namespace. */
#pragma once

#include <glib.h>

/* One line of /proc/PID/uid_map: the ids inside, inside + 1, … are outside, outside + 1, … of the
 * host. See user_namespaces(7). */
typedef struct {
  guint32 inside;
  guint32 outside;
  guint32 count;
} QuiltIdMap;

/* A whole map is a GArray of QuiltIdMap. What the kernel takes: */
#define QUILT_ID_MAP_LINES 340
/* How many ids a container has that did not ask for others. */
#define QUILT_ID_RANGE 65536

GArray *quilt_id_map_new (void);
void quilt_id_map_add (GArray *map, guint32 inside, guint32 outside, guint32 count);
GArray *quilt_id_map_copy (const GArray *map);

/* 0 to 65535 are the range that begins at outside. */
GArray *quilt_id_map_new_range (guint32 outside);
/* The same, but that id (not 0) is itself; where it is beyond 65535, it is one more. */
GArray *quilt_id_map_new_keeping (guint32 outside, guint32 id);

/* That it is what the kernel takes: 1 to 340 lines, no id twice on either side, none that is not an
 * id. INVALID_ARGUMENT naming the line. */
gboolean quilt_id_map_check (const GArray *map, GError **error);

/* "FROM:TO:COUNT[,FROM:TO:COUNT…]", checked; prints what is parsed. Owned by the caller. */
GArray *quilt_id_map_parse (const char *text, GError **error);
char *quilt_id_map_print (const GArray *map);

/* The host's id of an id inside. FALSE: it has none. */
gboolean quilt_id_map_find (const GArray *map, guint32 inside, guint32 *ret_outside);

/* Whether the two have an id of the host in common; ret_outside (may be NULL) is the first. */
gboolean quilt_id_map_overlaps (const GArray *map, const GArray *other, guint32 *ret_outside);

/* The option userns. Anything but the three words is a map, the same for users and groups. */
#define QUILT_USERNS_AUTO "auto"
#define QUILT_USERNS_HOST "host"
#define QUILT_USERNS_KEEP_ID "keep-id"

/* Its grammar; a map has to have an id 0 inside. INVALID_ARGUMENT naming what is wrong. */
gboolean quilt_userns_check (const char *text, GError **error);
