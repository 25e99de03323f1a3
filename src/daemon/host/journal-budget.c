/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets the limit of the journal budget of all containers. */
#include "daemon/host/journal-budget.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/host/journald.h"
#include "proto/budget.h"
#include "spec/options/options.h"
#include "spec/quantities.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The free space of the journal's file system changes, so compute the limit again. */
#define REFRESH_SECONDS 600

struct QuiltJournalBudget {
  QuiltJournalShare share;
  int fd;
  QuiltBudgetPage *page;
  guint timer;
};

static void
refresh (QuiltJournalBudget *self)
{
  guint64 limit = self->share.bytes;

  if (self->share.percent > 0)
    limit = quilt_journald_get_limit ("");
  if (self->share.percent > 0 && limit != QUILT_INFINITY)
    limit = limit / 100 * self->share.percent;
  quilt_budget_set (self->page, limit, self->share.interval_usec / G_USEC_PER_SEC);
}

static gboolean
on_refresh (gpointer data)
{
  refresh (data);
  return G_SOURCE_CONTINUE;
}

void
quilt_journal_budget_set (QuiltJournalBudget *self, const QuiltJournalShare *share)
{
  self->share = *share;
  refresh (self);
}

QuiltJournalBudget *
quilt_journal_budget_new (const char *run_dir, const QuiltJournalShare *share, GError **error)
{
  g_autofree char *path = g_build_filename (run_dir, QUILT_BUDGET_FILE, NULL);
  g_autofd int fd = open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  QuiltBudgetPage *page = NULL;
  QuiltJournalBudget *self;
  /* Allocate the page now: a write into a hole of a full file system raises SIGBUS. */
  int errsv = fd < 0 ? errno : posix_fallocate (fd, 0, sizeof *page);

  if (errsv == 0) {
    page = quilt_budget_map (fd);
    errsv = errno;
  }
  if (!page) {
    quilt_set_error_errno (error, errsv, "Failed to map '%s'", path);
    return NULL;
  }
  self = g_new0 (QuiltJournalBudget, 1);
  self->fd = g_steal_fd (&fd);
  self->page = page;
  self->timer = g_timeout_add_seconds (REFRESH_SECONDS, on_refresh, self);
  quilt_journal_budget_set (self, share);
  return self;
}

void
quilt_journal_budget_free (QuiltJournalBudget *self)
{
  if (!self)
    return;
  g_source_remove (self->timer);
  quilt_budget_unmap (self->page);
  quilt_fd_clear (&self->fd);
  g_free (self);
}

int
quilt_journal_budget_get_fd (const QuiltJournalBudget *self)
{
  return self->fd;
}
