/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of compiled filters on disk. */
#pragma once

#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"

/* The name of the filter in the cache, 64 hexadecimal digits: a hash of the rules, the versions of
 * Quilt and libseccomp, and this machine's architecture. Owned by the caller. */
char *quilt_cache_key (const QuiltSeccomp *seccomp);

/* Returns the filter from the cache dir_fd (-1: no cache), or compiles it and stores it there. If
 * the file is damaged or belongs to another user, compiles the filter again. If the cache can't be
 * written, warns on stderr and succeeds. */
GBytes *quilt_cache_get (
    int dir_fd, const QuiltSeccomp *seccomp, const char *key, gboolean *ret_hit, GError **error);
