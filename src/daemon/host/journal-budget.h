/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's side of the journal's budget: says how much all containers together may fill. */
#pragma once

#include "daemon/config.h"

typedef struct QuiltJournalBudget QuiltJournalBudget;

/* The page that supervisors of an earlier quiltd may have mapped, below run_dir; what they have
 * used stays counted. FAILED. */
QuiltJournalBudget *
quilt_journal_budget_new (const char *run_dir, const QuiltConfig *config, GError **error);
void quilt_journal_budget_free (QuiltJournalBudget *self);

/* For running containers too. */
void quilt_journal_budget_set (QuiltJournalBudget *self, const QuiltConfig *config);

/* For a supervisor to map; stays ours. */
int quilt_journal_budget_get_fd (const QuiltJournalBudget *self);
