/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pauses a container while its files are read, so that they belong to one moment. The container
 * goes on whichever process is killed: this one, its guard (a process in the container's scope,
 * which systemd does not kill with quiltd), or quiltd. */
#pragma once

#include "cgroup/pause.h"

#include <sys/types.h>

typedef struct {
  QuiltCgroupPause cgroups;
  int leash;       /* the guard thaws when this is closed */
  int end;         /* at its end of file the guard has ended */
  gint64 end_usec; /* when the pause has to be over (monotonic) */
  GError *failure; /* why it was over too early */
  GMutex lock;     /* for all of these, since two threads check the pause */
} QuiltPause;

#define QUILT_PAUSE_NONE                                                                           \
  {                                                                                                \
    .cgroups = QUILT_CGROUP_PAUSE_NONE, .leash = -1, .end = -1                                     \
  }

/* Freezes the container of the scope for at most limit_usec, and waits until it is frozen. Makes a
 * process, so call it before there are threads. If it returns FALSE, nothing is frozen. */
gboolean quilt_pause_begin (QuiltPause *pause, int scope_fd, guint64 limit_usec, GError **error);
/* Whether the container has not run since the pause began, if there is one. Thaws it when the time
 * is over. TIMED_OUT, or INVALID_STATE if another process has thawed it. */
gboolean quilt_pause_check (QuiltPause *pause, GError **error);
/* Thaws the container, if it is paused. */
void quilt_pause_end (QuiltPause *pause);
/* Ends the pause, and frees what it has. */
void quilt_pause_clear (QuiltPause *pause);
