/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal budget: how much of the journal the containers of a host may fill. quiltd and all
 * supervisors map one page. */
#pragma once

#include <glib.h>

/* Chosen so that the page has 4096 bytes: 3 words before these. */
#define QUILT_BUDGET_CALLERS 509

/* Written bytes count in full at first, and then fade: after interval_sec, 1/e is left. A container
 * may write as long as its own count is less than the part of the limit that all containers leave
 * free. So one flooding container gets half of the limit, n of them get 1/(n+1) each, and a
 * container that has written little can continue. Bytes that were not free also count for the
 * container's caller, over all of that caller's containers. Otherwise a loop of short runs could
 * fill the journal. All this works while quiltd is away, and a killed supervisor leaves nothing
 * locked. */
typedef struct {
  guint64 limit;        /* bytes of journal for all containers; G_MAXUINT64: no limit */
  guint64 interval_sec; /* at least 1 */
  guint64 used; /* of all containers: the time and amount of the last update; see budget.c */
  /* the same for bytes that were not free, by the caller's uid */
  guint64 beyond[QUILT_BUDGET_CALLERS];
} QuiltBudgetPage;

/* The file in quiltd's run directory. The number names the layout, since a supervisor outlives the
 * quiltd that started it. */
#define QUILT_BUDGET_FILE "journal-budget-2"

/* The budget of one supervisor. All zero: no limit. */
typedef struct {
  QuiltBudgetPage *page;
  guint64 own; /* bytes, as of own_sec */
  guint64 own_sec;
  guint32 caller;           /* uid */
  guint64 uncounted;        /* bytes of own that are not in the page yet */
  guint64 uncounted_beyond; /* the same for bytes that were not free */
  gboolean is_beyond;       /* nothing was free at the last check */
  gboolean lifted;          /* counts, but no longer waits */
} QuiltBudget;

/* Maps the page from a file of that size. The caller keeps ownership of fd. Returns NULL with errno
 * set. */
QuiltBudgetPage *quilt_budget_map (int fd);
void quilt_budget_unmap (QuiltBudgetPage *page);

/* Sets the limit for all processes that map the page. */
void quilt_budget_set (QuiltBudgetPage *page, guint64 limit, guint64 interval_sec);

/* Times are g_get_monotonic_time(). */
void quilt_budget_charge (QuiltBudget *budget, guint64 bytes, gint64 now_usec);
/* The time until which nothing should be written; 0: write now. */
gint64 quilt_budget_get_wait (QuiltBudget *budget, gint64 now_usec);
/* The container has ended: lets its last output pass, if it is little. */
void quilt_budget_credit (QuiltBudget *budget);
/* Counts the remaining bytes that are not in the page yet. Must be called last. */
void quilt_budget_settle (QuiltBudget *budget, gint64 now_usec);
