/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the kernel for the container's own namespaces. */
#pragma once

#include "spec/oci/oci.h"

/* Child-safe: in the new namespaces, before the container's root is entered. Which id may write to
 * which of them has changed from kernel to kernel, so that in a user namespace there are two tries:
 * as what we were outside of it, and (is_last) as its root. *done, 0 at first, is what was written
 * already. 0 or -errno; *ret_key is then the one that failed, or NULL where none was tried. */
int
quilt_sysctls_apply (const QuiltSpec *spec, gboolean is_last, guint64 *done, const char **ret_key);
