/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Computes journald's own size limit of the journal. */
#pragma once

#include <glib.h>

/* The limit in bytes, as journald computes it from journald.conf(5) with its drop-ins and from the
 * file system. Returns QUILT_INFINITY if journald keeps no journal, or the limit is unknown. root
 * is "" except in tests. */
guint64 quilt_journald_get_limit (const char *root);
