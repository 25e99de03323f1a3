/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remembers the ends of removed containers, for callers that ask shortly after the removal. */
#pragma once

#include <glib.h>

typedef struct QuiltTombs QuiltTombs;

/* Remembers the last max ends, also after a crash: dir_fd, which is borrowed, contains a symbolic
 * link ID → "EXIT-CODE REASON" for each. dir_fd must be a directory in /run with no other use, or
 * -1: only in memory. */
QuiltTombs *quilt_tombs_new (guint max, int dir_fd);
void quilt_tombs_free (QuiltTombs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTombs, quilt_tombs_free)

/* Adds an end. IDs are never reused; if there is an end for this ID, it stays. */
void quilt_tombs_add (QuiltTombs *self, const char *id, int exit_code, const char *reason);
/* Finds an end by the whole ID. *ret_reason is borrowed until the next addition. */
gboolean quilt_tombs_find (const QuiltTombs *self,
                           const char *id,
                           int *ret_exit_code,
                           const char **ret_reason);
