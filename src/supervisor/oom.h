/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs the processes that the kernel killed because memory ran out, by name if the kernel's log
 * names them. */
#pragma once

#include "supervisor/streams/log.h"

#include <poll.h>

/* The kernel counts the kills in memory.events, and signals each change. Only its log has the names
 * of the victims. Looking for missing processes instead would be unreliable, since other processes
 * end meanwhile and pids are reused. */
typedef struct {
  int events_fd;    /* memory.events of the scope; -1: not available */
  int kmsg_fd;      /* the kernel's log since the container's start; -1: not readable */
  char *cgroup;     /* the scope's path, or the end of it, as the kernel's log has it */
  guint64 kills;    /* number of kills seen */
  guint64 named;    /* of these, how many the kernel's log has named */
  guint64 told;     /* of these, how many were logged */
  gint64 kill_usec; /* when the last kill was seen (monotonic) */
  gint64 first;     /* pid of the container's first process */
  gboolean first_killed;
  GPtrArray *victims; /* of QuiltVictim, not logged yet */
} QuiltOom;

typedef struct {
  /* its comm, at most 15 bytes, which the container chose: UTF-8, without control characters */
  char *name;
  gint64 pid; /* in quiltd's pid namespace */
} QuiltVictim;

#define QUILT_OOM_NONE                                                                             \
  {                                                                                                \
    .events_fd = -1, .kmsg_fd = -1                                                                 \
  }

/* Opens the kernel's log at its end, so that records of earlier containers of this name are
 * skipped. Returns -1 if it can't be read. Call it as early as possible, since the scope may have a
 * rule that forbids it. */
int quilt_oom_open_log (void);

/* scope_fd is the scope's cgroup, above the cgroup of this process. first is the pid of the
 * container's first process. Takes ownership of kmsg_fd. */
void quilt_oom_init (QuiltOom *oom, int scope_fd, gint64 first, int kmsg_fd);
void quilt_oom_clear (QuiltOom *oom);

struct pollfd quilt_oom_poll (const QuiltOom *oom);
/* Reads new kills from memory.events and the kernel's log. */
void quilt_oom_handle (QuiltOom *oom);
/* Whether the SIGKILL that just ended the first process came from the kernel because memory ran
 * out. by_child: the first process itself was not killed, but ended because its child was. If the
 * kernel does not name each victim, any kill of the last few seconds counts. */
gboolean quilt_oom_ended_first (const QuiltOom *oom, gboolean by_child, gint64 now_usec);
/* Logs the kills not logged yet, one entry each. Returns FALSE if an entry can't be sent now. */
gboolean quilt_oom_report (QuiltOom *oom, QuiltLog *log);

/* Returns the victim if a record of /dev/kmsg says that a process in cgroup or below it was killed;
 * otherwise NULL. Owned by the caller. Pure. */
QuiltVictim *quilt_oom_parse_record (const char *record, const char *cgroup);
void quilt_victim_free (QuiltVictim *victim);
