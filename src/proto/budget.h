/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of the journal the containers of a host may fill: one page that quiltd and all
 * supervisors map. */
#pragma once

#include <glib.h>

/* A page: 3 words and these. */
#define QUILT_BUDGET_CALLERS 509

/* What a container has written counts in full at first and fades away: 1/e is left of it after
 * interval_sec. A container may write as long as what counts of its own is less than what all of
 * them leave free. So one that floods gets half of the limit, n of them get 1/(n+1) each, and one
 * that has written little goes on. What it writes beyond what is free counts for its caller too,
 * with all containers of that caller: else a loop of short runs could fill the journal bit by bit.
 * It works while quiltd is away, and a supervisor that is killed leaves nothing locked. */
typedef struct {
  guint64 limit;        /* bytes of journal, of all containers; G_MAXUINT64: none */
  guint64 interval_sec; /* 1 at least */
  guint64 used;         /* of all: when it was brought up to date, and how much; see budget.c */
  guint64 beyond[QUILT_BUDGET_CALLERS]; /* likewise, what was not free, by the caller's uid */
} QuiltBudgetPage;

/* The file's name in quiltd's run directory: the layout is part of it, since a supervisor outlives
 * the quiltd that started it. */
#define QUILT_BUDGET_FILE "journal-budget-2"

/* The state of one supervisor. All 0: no limit. */
typedef struct {
  QuiltBudgetPage *page;
  guint64 own; /* bytes, of time own_sec */
  guint64 own_sec;
  guint32 caller;           /* uid */
  guint64 uncounted;        /* of own, not in the page yet */
  guint64 uncounted_beyond; /* likewise, of what was not free */
  gboolean is_beyond;       /* nothing was free when it was asked last */
  gboolean lifted;          /* it counts, and waits no more */
} QuiltBudget;

/* Maps the page, of a file of that size; the descriptor stays the caller's. NULL with errno. */
QuiltBudgetPage *quilt_budget_map (int fd);
void quilt_budget_unmap (QuiltBudgetPage *page);

/* In force for all that have it mapped. */
void quilt_budget_set (QuiltBudgetPage *page, guint64 limit, guint64 interval_sec);

/* Times are g_get_monotonic_time(). */
void quilt_budget_charge (QuiltBudget *budget, guint64 bytes, gint64 now_usec);
/* Until when nothing should be written, for now; 0: go on. */
gint64 quilt_budget_get_wait (QuiltBudget *budget, gint64 now_usec);
/* The container has ended: what it said last may go as far as that is little. */
void quilt_budget_credit (QuiltBudget *budget);
/* Counts the remainder that is not in the page yet. To be called last. */
void quilt_budget_settle (QuiltBudget *budget, gint64 now_usec);
