/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities by name: linux/capability.h of Linux 5.9, the last that added one. */
#pragma once

#include <glib.h>

/* The bit 1 << CAP_… for a name "CAP_…"; 0 for unknown names. */
guint64 quilt_capability_from_name (const char *name);

/* The name "CAP_…" for 0 ≤ capability < 64, a static string; NULL if it has no name. */
const char *quilt_capability_to_name (guint capability);

/* podman's default set: enough for a package manager and a server, without power over the host. */
guint64 quilt_capabilities_default (void);

/* All capabilities that have a name. */
guint64 quilt_capabilities_all (void);

/* The bit for a name as users type it, with or without "CAP_", in any case. "ALL" means all. Sets
 * INVALID_ARGUMENT, which names option and name. */
gboolean
quilt_capability_parse (const char *option, const char *name, guint64 *ret_mask, GError **error);

/* The capabilities of a container with these lists (NULL: empty). As in podman, "ALL" is applied
 * before the names. Sets INVALID_ARGUMENT if both lists have the same name. */
gboolean
quilt_capabilities_plan (char *const *add, char *const *drop, guint64 *ret_mask, GError **error);

/* The capabilities in a list that was checked before; "ALL" means all. */
guint64 quilt_capabilities_added (char *const *names);

/* Whether a list contains "ALL". */
gboolean quilt_capabilities_has_all (char *const *names);

/* Converts each valid name to "CAP_…" or "ALL". */
void quilt_capabilities_normalize (char **names);
