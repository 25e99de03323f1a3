/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled filters on disk: found again, or compiled once. */
#pragma once

#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"

/* The name of the filter of seccomp, 64 hexadecimal digits: of the rules, of the version that
 * compiles them and of this machine's kind. Owned by the caller. */
char *quilt_cache_key (const QuiltSeccomp *seccomp);

/* The filter, from dir_fd (-1: there is no cache) or else compiled and kept there. A file that is
 * damaged or another user's is never trusted: it is compiled again. A cache that can't be written
 * to is said on stderr, and no failure. */
GBytes *quilt_cache_get (
    int dir_fd, const QuiltSeccomp *seccomp, const char *key, gboolean *ret_hit, GError **error);
