/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings for the container's own namespaces. */
#pragma once

#include "spec/oci/oci.h"

/* Writes the settings. Called in the new namespaces, before the init enters the container's root.
 * Kernel versions differ in which ids may write which setting. So with a user namespace it is
 * called twice: with our ids outside of the namespace, and then as its root (is_last). *done, 0 at
 * first, has a bit for each setting already written. Child-safe. Returns 0 or -errno; *ret_key is
 * then the setting that failed, or NULL if none was tried. */
int
quilt_sysctls_apply (const QuiltSpec *spec, gboolean is_last, guint64 *done, const char **ret_key);
