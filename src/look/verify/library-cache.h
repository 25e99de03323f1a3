/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of glibc's loader, /etc/ld.so.cache, which may be hostile. */
#pragma once

#include <glib.h>

/* Returns a table of the cache's libraries for our machine: name → GPtrArray of paths, which ends
 * with NULL. The strings are those in data. Returns NULL if the cache is invalid, which the loader
 * then ignores. Pure. */
GHashTable *quilt_library_cache_parse (const char *data, gsize size);
