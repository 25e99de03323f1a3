/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How large journald lets its journal become. */
#pragma once

#include <glib.h>

/* Bytes, as journald works them out of journald.conf(5) with its drop-ins and of the file system
 * now; QUILT_INFINITY where it keeps no journal, or nothing is known. root: "" but in tests. */
guint64 quilt_journald_get_limit (const char *root);
