/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports to the journal the processes that the kernel killed because memory ran out, by name if
 * its log has one. */
#pragma once

#include "supervisor/log.h"

#include <poll.h>

/* The kernel counts in memory.events, and says there is news without being asked again and again;
 * the name of who died stands in its log alone. To look for missing processes instead would be
 * guessing: others end meanwhile, and pids come back. */
typedef struct {
  int events_fd;    /* memory.events of the scope; -1: not counted here */
  int kmsg_fd;      /* the kernel's log, from the container's start on; -1: not to be read */
  char *cgroup;     /* the scope's, as the kernel's log names it, or the end of that */
  guint64 kills;    /* that are known */
  guint64 named;    /* of these: the log says which process it was */
  guint64 told;     /* of these */
  gint64 kill_usec; /* when the last one was noticed (monotonic) */
  gint64 first;     /* pid of the container's first process */
  gboolean first_killed;
  GPtrArray *victims; /* of QuiltVictim, not told yet */
} QuiltOom;

typedef struct {
  char *name; /* its comm, at most 15 bytes, as the container chose it: UTF-8, no control chars */
  gint64 pid; /* in quiltd's pid namespace */
} QuiltVictim;

#define QUILT_OOM_NONE                                                                             \
  {                                                                                                \
    .events_fd = -1, .kmsg_fd = -1                                                                 \
  }

/* The kernel's log, at its end, so that no earlier container of this name is read of; -1 where it
 * may not be read. To be called as early as can be: the scope may have a rule that forbids it. */
int quilt_oom_open_log (void);

/* scope_fd: the scope's cgroup, that this process is below. first: the container's first process.
 * kmsg_fd is taken over. */
void quilt_oom_init (QuiltOom *oom, int scope_fd, gint64 first, int kmsg_fd);
void quilt_oom_clear (QuiltOom *oom);

struct pollfd quilt_oom_poll (const QuiltOom *oom);
/* Reads what is new. */
void quilt_oom_handle (QuiltOom *oom);
/* Whether a SIGKILL that ended the first process just now was the kernel's, for want of memory.
 * by_child: not the first process itself was killed, but the one whose end ends it. Where the
 * kernel does not name each victim, a kill that is only seconds old is taken for this one. */
gboolean quilt_oom_ended_first (const QuiltOom *oom, gboolean by_child, gint64 now_usec);
/* Logs the kills that were not logged yet, an entry for each. FALSE if it can't send now. */
gboolean quilt_oom_report (QuiltOom *oom, QuiltLog *log);

/* Whether a record of /dev/kmsg says that a process of cgroup, or below it, was chosen. The victim
 * is owned by the caller. Pure. */
QuiltVictim *quilt_oom_parse_record (const char *record, const char *cgroup);
void quilt_victim_free (QuiltVictim *victim);
