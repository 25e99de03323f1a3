/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets the limit of the journal budget of all containers. */
#pragma once

#include <glib.h>

/* The journal's share for all containers together within an interval. */
typedef struct {
  guint64 percent;       /* of journald's own size limit; 0: bytes is the limit */
  guint64 bytes;         /* QUILT_INFINITY: no limit */
  guint64 interval_usec; /* rounded to whole seconds */
} QuiltJournalShare;

typedef struct QuiltJournalBudget QuiltJournalBudget;

/* Opens or makes the page in run_dir. Supervisors of an earlier quiltd may have mapped it, so the
 * page keeps its counts. Error: FAILED. */
QuiltJournalBudget *
quilt_journal_budget_new (const char *run_dir, const QuiltJournalShare *share, GError **error);
void quilt_journal_budget_free (QuiltJournalBudget *self);

/* Also applies to running containers. */
void quilt_journal_budget_set (QuiltJournalBudget *self, const QuiltJournalShare *share);

/* A descriptor for a supervisor to map; owned by self. */
int quilt_journal_budget_get_fd (const QuiltJournalBudget *self);
