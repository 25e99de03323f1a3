/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How removed containers ended, for callers that ask shortly after the removal. */
#pragma once

#include <glib.h>

typedef struct QuiltTombs QuiltTombs;

/* Remembers the last max of them, also over a crash: dir_fd, which is borrowed, holds a symbolic
 * link ID → "EXIT-CODE REASON" for each. It is a directory of its own in /run, or -1: in memory
 * alone. */
QuiltTombs *quilt_tombs_new (guint max, int dir_fd);
void quilt_tombs_free (QuiltTombs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTombs, quilt_tombs_free)

/* IDs are never used twice; what is remembered of one stays as it was. */
void quilt_tombs_add (QuiltTombs *self, const char *id, int exit_code, const char *reason);
/* By the whole ID; *ret_reason is borrowed until the next addition. */
gboolean quilt_tombs_find (const QuiltTombs *self,
                           const char *id,
                           int *ret_exit_code,
                           const char **ret_reason);
