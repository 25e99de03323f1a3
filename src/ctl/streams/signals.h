/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Catches signals, to pass them on instead of ending quiltctl. */
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

/* Until cleared, these signals no longer end quiltctl, but call func on the main loop. */
void quilt_signals_watch (QuiltSignals *signals, QuiltSignalFunc func, gpointer data);
void quilt_signals_clear (QuiltSignals *signals);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltSignals, quilt_signals_clear)
