/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal budget: how much of the journal the containers of a host may fill. */
#include "proto/budget.h"

#include <sys/mman.h>

/* A counter in the page is seconds << 32 | units, so that both change in one atomic step. */
#define UNIT 1024

/* 1 / LITTLE of the limit is free for each container, and 1 / BEYOND for all containers of a
 * caller, whatever others write. */
#define LITTLE 1024
#define BEYOND 64

/* After this many intervals, nothing counts any more. */
#define FADED 32
/* 30 days: with that, a product with any level fits into 64 bits. */
#define INTERVAL_MAX (30 * 24 * 3600)
#define STEPS 16

/* Fades in small steps. The result after a long silence must equal the result of many short
 * updates. Rounds so that the level reaches 0 in the end. */
static guint64
fade (guint64 level, guint64 elapsed, guint64 interval)
{
  guint64 step = MAX (interval / STEPS, 1);

  if (elapsed / interval >= FADED)
    return 0;
  for (; elapsed >= step && level > 0; elapsed -= step)
    level -= MIN ((level * step + interval - 1) / interval, level);
  return level - MIN ((level * elapsed + interval - 1) / interval, level);
}

static guint64
to_seconds (gint64 usec)
{
  return (guint64)(usec / G_USEC_PER_SEC);
}

static guint64
get_interval (const QuiltBudgetPage *page)
{
  return MAX (__atomic_load_n (&page->interval_sec, __ATOMIC_RELAXED), 1);
}

static guint64
get_limit (const QuiltBudgetPage *page)
{
  return __atomic_load_n (&page->limit, __ATOMIC_RELAXED);
}

/* The faded value of a counter at `now`, in units. */
static guint64
fade_used (guint64 used, guint64 now, guint64 interval)
{
  guint64 then = used >> 32;

  return fade (used & G_MAXUINT32, now > then ? now - then : 0, interval);
}

static void
add_units (const QuiltBudgetPage *page, guint64 *counter, guint64 units, guint64 now)
{
  guint64 interval = get_interval (page);
  guint64 used = __atomic_load_n (counter, __ATOMIC_RELAXED), next;

  do {
    next = MIN (fade_used (used, now, interval) + units, G_MAXUINT32);
    next |= MAX (now, used >> 32) << 32;
  } while (!__atomic_compare_exchange_n (counter, &used, next, FALSE, __ATOMIC_RELAXED,
                                         __ATOMIC_RELAXED));
}

/* The faded value of a counter at `now`, in bytes. */
static guint64
get_counter (const QuiltBudgetPage *page, const guint64 *counter, guint64 now)
{
  return fade_used (__atomic_load_n (counter, __ATOMIC_RELAXED), now, get_interval (page)) * UNIT;
}

static guint64 *
get_beyond (const QuiltBudget *budget)
{
  return &budget->page->beyond[budget->caller % QUILT_BUDGET_CALLERS];
}

static guint64
get_free (const QuiltBudgetPage *page, guint64 now)
{
  guint64 limit = get_limit (page), used = get_counter (page, &page->used, now);

  return limit > used ? limit - used : 0;
}

/* Moves uncounted bytes to the page in whole units, if they are at least `least`. */
static void
count (QuiltBudget *budget, guint64 least, guint64 now)
{
  struct {
    guint64 *counter, *bytes;
  } both[] = {{&budget->page->used, &budget->uncounted},
              {get_beyond (budget), &budget->uncounted_beyond}};

  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    guint64 units = (*both[i].bytes + UNIT - least) / UNIT;

    if (*both[i].bytes < least)
      continue;
    add_units (budget->page, both[i].counter, units, now);
    *both[i].bytes -= MIN (*both[i].bytes, units * UNIT);
  }
}

static void
fade_own (QuiltBudget *budget, guint64 now)
{
  if (now <= budget->own_sec)
    return;
  budget->own = fade (budget->own, now - budget->own_sec, get_interval (budget->page));
  budget->own_sec = now;
}

QuiltBudgetPage *
quilt_budget_map (int fd)
{
  void *page = mmap (NULL, sizeof (QuiltBudgetPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

  return page == MAP_FAILED ? NULL : page;
}

void
quilt_budget_unmap (QuiltBudgetPage *page)
{
  munmap (page, sizeof *page);
}

void
quilt_budget_set (QuiltBudgetPage *page, guint64 limit, guint64 interval_sec)
{
  __atomic_store_n (&page->interval_sec, CLAMP (interval_sec, 1, INTERVAL_MAX), __ATOMIC_RELAXED);
  __atomic_store_n (&page->limit, limit, __ATOMIC_RELAXED);
}

void
quilt_budget_charge (QuiltBudget *budget, guint64 bytes, gint64 now_usec)
{
  guint64 now = to_seconds (now_usec);

  if (!budget->page)
    return;
  fade_own (budget, now);
  budget->own += bytes;
  budget->uncounted += bytes;
  if (budget->is_beyond)
    budget->uncounted_beyond += bytes;
  count (budget, UNIT, now);
}

void
quilt_budget_settle (QuiltBudget *budget, gint64 now_usec)
{
  if (budget->page)
    count (budget, 1, to_seconds (now_usec));
}

gint64
quilt_budget_get_wait (QuiltBudget *budget, gint64 now_usec)
{
  guint64 limit = budget->page ? get_limit (budget->page) : G_MAXUINT64;
  guint64 now = to_seconds (now_usec);

  budget->is_beyond = FALSE;
  if (limit == G_MAXUINT64)
    return 0;
  fade_own (budget, now);
  budget->is_beyond = budget->own >= get_free (budget->page, now);
  if (!budget->is_beyond || budget->lifted)
    return 0;
  if (budget->own < limit / LITTLE &&
      get_counter (budget->page, get_beyond (budget), now) < limit / BEYOND)
    return 0;
  return (gint64)(now + 1) * G_USEC_PER_SEC; /* all times are whole seconds */
}

void
quilt_budget_credit (QuiltBudget *budget)
{
  if (budget->page)
    budget->own -= MIN (budget->own, get_limit (budget->page) / LITTLE);
}
