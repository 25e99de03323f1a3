/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pauses a container while its files are read, so that they belong to one moment. The container
 * goes on whichever process is killed: this one, its guard (a process in the container's scope,
 * which systemd does not kill with quiltd), or quiltd. */
#pragma once

#include "cgroup/pause.h"

#include <sys/types.h>

typedef struct {
  QuiltCgroupPause cgroups;
  int leash; /* the guard thaws when this is closed */
  int end;   /* at its end of file the guard has ended */
} QuiltPause;

#define QUILT_PAUSE_NONE                                                                           \
  {                                                                                                \
    .cgroups = QUILT_CGROUP_PAUSE_NONE, .leash = -1, .end = -1                                     \
  }

/* Freezes the container of the scope, and waits until it is frozen. Makes a process, so call it
 * before there are threads. If it returns FALSE, nothing is frozen. */
gboolean quilt_pause_begin (QuiltPause *pause, int scope_fd, GError **error);
/* Thaws the container, if it is paused. */
void quilt_pause_end (QuiltPause *pause);
