/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities by name: linux/capability.h of Linux 5.9, the last that added one. */
#pragma once

#include <glib.h>

/* The bit 1 << CAP_… of "CAP_…"; 0 if there is none of this name. */
guint64 quilt_capability_from_name (const char *name);

/* "CAP_…", a static string, of 0 ≤ capability < 64; NULL if it has no name. */
const char *quilt_capability_to_name (guint capability);

/* What podman gives a container: enough for a package manager and a server, nothing of the host's.
 */
guint64 quilt_capabilities_default (void);
