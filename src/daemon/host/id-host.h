/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which user and group ids of the host are free. All of it may block, but the pure parts: for
 * threads; nothing is shared. */
#pragma once

#include "spec/id-map.h"

/* Where containers get their ids from: systemd's range for that (systemd's UIDS-GIDS), in steps of
 * QUILT_ID_RANGE. */
#define QUILT_ID_HOST_FIRST 0x00080000u
#define QUILT_ID_HOST_LAST 0x6fffffffu

/* What is taken is a GArray of QuiltIdMap, of which only the host's side counts. */

/* Pure. Adds the ranges of a text like /etc/subuid (subuid(5)). */
void quilt_id_host_add_delegated (const char *text, GArray *taken);

/* Pure, as far as is_free() is. The first range from the start'th on, and then from the beginning,
 * that overlaps with nothing taken and is_free(). FALSE: there is none, or is_free() said no to
 * more than 64. */
gboolean quilt_id_host_choose (const GArray *taken,
                               guint32 start,
                               gboolean (*is_free) (guint32 first),
                               guint32 *ret_first);

/* Up to n ranges beside what is taken, /etc/subuid and /etc/subgid, and the users and groups that
 * the host has names for. Owned by the caller; of guint32, the first id of each. Never NULL. */
GArray *quilt_id_host_find (const GArray *taken, guint n);

/* What quilt_id_host_find() has looked at changes with it. Doesn't block. Owned by the caller. */
char *quilt_id_host_get_version (void);

/* The primary group of a user. NOT_FOUND. */
gboolean quilt_id_host_get_group (guint32 uid, guint32 *ret_gid, GError **error);
