/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a container's log through quiltd, for users that may inspect but can't read the journal. */
#pragma once

#include "ctl/ctl.h"
#include "journal/journal.h"

typedef struct {
  guint64 since_usec, until_usec; /* 0 and G_MAXUINT64: no bound */
  guint64 lines;                  /* the last ones; G_MAXUINT64: all */
  const char *stream;             /* "stdout" or "stderr"; NULL: both */
  gboolean follow;                /* until the container ends */
} QuiltLogQuery;

/* The entries that query asks for of the container at path; NULL with error. */
QuiltJournal *
quilt_read_log (QuiltCtl *ctl, const char *path, const QuiltLogQuery *query, GError **error);
