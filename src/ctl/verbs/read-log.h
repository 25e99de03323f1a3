/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a container's log through quiltd, for users that may inspect the container but can't read
 * the journal. */
#pragma once

#include "ctl/ctl.h"
#include "journal/journal.h"

typedef struct {
  guint64 since_usec, until_usec; /* 0 and G_MAXUINT64: no limit */
  guint64 lines;                  /* number of last lines; G_MAXUINT64: all */
  const char *stream;             /* "stdout" or "stderr"; NULL: both */
  gboolean follow;                /* continue until the container ends */
} QuiltLogQuery;

/* The entries of the container at path that query selects. Returns NULL with an error. */
QuiltJournal *
quilt_read_log (QuiltCtl *ctl, const char *path, const QuiltLogQuery *query, GError **error);
