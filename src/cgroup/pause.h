/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Freezes the processes of a container for a short time, but not its supervisors: the cgroup
 * `payload` and those of its sessions. The freezer of the scope itself belongs to systemd. */
#pragma once

#include <glib.h>

typedef struct {
  int payload_fd;
  GArray *cgroups;  /* of int: the directories */
  GArray *freezers; /* of int: cgroup.freeze of each, payload first */
} QuiltCgroupPause;

#define QUILT_CGROUP_PAUSE_NONE                                                                    \
  {                                                                                                \
    .payload_fd = -1                                                                               \
  }

/* Marks `payload` as paused, and opens the cgroups below the scope's directory. While it is marked,
 * no session begins, so no cgroup is missing. Freezes nothing yet. FALSE with errno set. */
gboolean quilt_cgroup_pause_open (int scope_fd, QuiltCgroupPause *ret_pause);
void quilt_cgroup_pause_clear (QuiltCgroupPause *pause);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltCgroupPause, quilt_cgroup_pause_clear)

/* Asks the kernel to freeze. FALSE with errno set. */
gboolean quilt_cgroup_pause_freeze (const QuiltCgroupPause *pause);
/* Waits until everything is frozen. FALSE with errno set: ETIMEDOUT. */
gboolean quilt_cgroup_pause_await (const QuiltCgroupPause *pause, guint timeout_ms);
/* Whether nobody has thawed `payload` since. TRUE if it is gone. */
gboolean quilt_cgroup_pause_holds (const QuiltCgroupPause *pause);
/* Thaws, and removes the mark. Only writes to open descriptors, and may be called again. */
void quilt_cgroup_pause_thaw (const QuiltCgroupPause *pause);

/* Whether `payload` of the scope has the mark. */
gboolean quilt_cgroup_is_paused (int scope_fd);
/* Thaws what a process that was killed has left paused. */
void quilt_cgroup_pause_undo (int scope_fd);
