/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cloned child keeps of its caller's open files. */
#pragma once

#include <glib.h>

/* Child-safe; both return 0 or -errno. */

/* Makes 0, 1 and 2 of stdio's three, of which -1 is /dev/null. */
int quilt_descriptors_set_stdio (const int *stdio);

/* Closes all but the standard ones, n_preserved from 3 on, and those in keep, of which -1 is none.
 */
int quilt_descriptors_close (guint n_preserved, const int *keep, guint n_keep);
