/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals that are passed on instead of ending quiltctl. */
#pragma once

#include <glib.h>
#include <signal.h>

typedef void (*QuiltSignalFunc) (int signum, gpointer data);

typedef struct {
  int fd;
  guint source;
  sigset_t old_mask;
} QuiltSignals;

#define QUILT_SIGNALS_INIT                                                                         \
  {                                                                                                \
    .fd = -1                                                                                       \
  }

/* From now on, and until cleared, these signals end nothing but go to func on the main loop. */
void quilt_signals_watch (QuiltSignals *signals, QuiltSignalFunc func, gpointer data);
void quilt_signals_clear (QuiltSignals *signals);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltSignals, quilt_signals_clear)
