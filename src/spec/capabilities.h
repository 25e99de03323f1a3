/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities by name: linux/capability.h of Linux 5.9, the last that added one. */
#pragma once

#include <glib.h>

/* The bit 1 << CAP_… of "CAP_…"; 0 if there is none of this name. */
guint64 quilt_capability_from_name (const char *name);

/* "CAP_…", a static string, of 0 ≤ capability < 64; NULL if it has no name. */
const char *quilt_capability_to_name (guint capability);

/* The same set as podman's: enough for a package manager and a server, without power over the host.
 */
guint64 quilt_capabilities_default (void);

/* All that have a name. */
guint64 quilt_capabilities_all (void);

/* The bit of a name as people type it, with or without "CAP_" and in any case; all of them for
 * "ALL". INVALID_ARGUMENT naming option and name. */
gboolean
quilt_capability_parse (const char *option, const char *name, guint64 *ret_mask, GError **error);

/* What a container has that asks for add and drop (NULL: nothing), as podman counts: "ALL" comes
 * first, then the names. INVALID_ARGUMENT for what is in both. */
gboolean
quilt_capabilities_plan (char *const *add, char *const *drop, guint64 *ret_mask, GError **error);

/* Those that a list, which was checked, names; all for ALL. */
guint64 quilt_capabilities_added (char *const *names);

/* Whether a list asks for ALL. */
gboolean quilt_capabilities_has_all (char *const *names);

/* Spells each name as "CAP_…" or "ALL", where it is one. */
void quilt_capabilities_normalize (char **names);
