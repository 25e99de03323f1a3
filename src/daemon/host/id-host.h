/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds free user and group ids of the host. Everything except the pure parts may block and is
 * meant for threads; nothing is shared. */
#pragma once

#include "spec/id-map.h"

/* The ids for containers: the range that systemd reserves for them (UIDS-GIDS of systemd), in steps
 * of QUILT_ID_RANGE. */
#define QUILT_ID_HOST_FIRST 0x00080000u
#define QUILT_ID_HOST_LAST 0x6fffffffu

/* Taken ids are a GArray of QuiltIdMap, of which only the host's side counts. */

/* Pure. Adds the ranges of a text like /etc/subuid (subuid(5)). */
void quilt_id_host_add_delegated (const char *text, GArray *taken);

/* Pure, if is_free() is. Returns the first range, counting from the start'th and then from the
 * beginning, that overlaps with no taken id and for which is_free() returns TRUE. Returns FALSE if
 * there is none, or is_free() refused more than 64 ranges. */
gboolean quilt_id_host_choose (const GArray *taken,
                               guint32 start,
                               gboolean (*is_free) (guint32 first),
                               guint32 *ret_first);

/* Finds up to n ranges that overlap neither with taken, nor with /etc/subuid and /etc/subgid, nor
 * with users and groups that have a name on the host. Returns the first id of each, as guint32;
 * owned by the caller, never NULL. */
GArray *quilt_id_host_find (const GArray *taken, guint n);

/* A text that changes when the sources of quilt_id_host_find() may have changed. Does not block.
 * Owned by the caller. */
char *quilt_id_host_get_version (void);

/* The primary group of a user. NOT_FOUND. */
gboolean quilt_id_host_get_group (guint32 uid, guint32 *ret_gid, GError **error);
