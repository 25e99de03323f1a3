/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The open files that a cloned child keeps. */
#pragma once

#include <glib.h>

/* Both functions are child-safe and return 0 or -errno. */

/* Makes the three descriptors of stdio this process's 0, 1 and 2; -1 means /dev/null. */
int quilt_descriptors_set_stdio (const int *stdio);

/* Closes all descriptors except the standard ones, the next n_preserved from 3 on, and those in
 * keep. Entries of -1 in keep are ignored. */
int quilt_descriptors_close (guint n_preserved, const int *keep, guint n_keep);
