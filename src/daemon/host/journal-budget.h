/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's side of the journal's budget: says how much all containers together may fill. */
#pragma once

#include <glib.h>

/* How much all containers together may fill within a time. */
typedef struct {
  guint64 percent;       /* of the size that journald lets the journal have; 0: bytes counts */
  guint64 bytes;         /* QUILT_INFINITY: no limit */
  guint64 interval_usec; /* whole seconds count */
} QuiltJournalShare;

typedef struct QuiltJournalBudget QuiltJournalBudget;

/* The page that supervisors of an earlier quiltd may have mapped, below run_dir; what they have
 * used stays counted. FAILED. */
QuiltJournalBudget *
quilt_journal_budget_new (const char *run_dir, const QuiltJournalShare *share, GError **error);
void quilt_journal_budget_free (QuiltJournalBudget *self);

/* For running containers too. */
void quilt_journal_budget_set (QuiltJournalBudget *self, const QuiltJournalShare *share);

/* For a supervisor to map; stays ours. */
int quilt_journal_budget_get_fd (const QuiltJournalBudget *self);
