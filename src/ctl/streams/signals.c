/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Catches signals, to pass them on instead of ending quiltctl. */
#include "ctl/streams/signals.h"

#include "base/fd.h"

#include <glib-unix.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

typedef struct {
  QuiltSignalFunc func;
  gpointer data;
} Watch;

static void
fill (sigset_t *set)
{
  sigemptyset (set);
  for (guint i = 0; i < G_N_ELEMENTS (forwarded); i++)
    sigaddset (set, forwarded[i]);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Watch *watch = data;
  struct signalfd_siginfo info;

  if (read (fd, &info, sizeof info) == sizeof info)
    watch->func ((int)info.ssi_signo, watch->data);
  return G_SOURCE_CONTINUE;
}

void
quilt_signals_watch (QuiltSignals *signals, QuiltSignalFunc func, gpointer data)
{
  Watch *watch = g_new (Watch, 1);
  sigset_t set;

  *watch = (Watch){func, data};
  fill (&set);
  sigprocmask (SIG_BLOCK, &set, &signals->old_mask);
  signals->fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  signals->source =
      g_unix_fd_add_full (G_PRIORITY_HIGH, signals->fd, G_IO_IN, on_readable, watch, g_free);
}

void
quilt_signals_clear (QuiltSignals *signals)
{
  if (signals->fd < 0)
    return;
  g_source_remove (signals->source);
  sigprocmask (SIG_SETMASK, &signals->old_mask, NULL);
  quilt_fd_clear (&signals->fd);
}
