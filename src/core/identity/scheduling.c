/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scheduling of the container's processes: sched_setattr(2), ioprio_set(2). */
#include "core/identity/scheduling.h"

#include "base/error.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first version of the kernel's struct sched_attr. The kernel's header conflicts with
 * <sched.h>. */
typedef struct {
  guint32 size, policy;
  guint64 flags;
  gint32 nice;
  guint32 priority;
  guint64 runtime, deadline, period;
} SchedAttr;

G_STATIC_ASSERT (sizeof (SchedAttr) == 48);

gboolean
quilt_scheduling_apply (const QuiltProcess *process, pid_t pid, GError **error)
{
  const QuiltScheduler *scheduler = &process->scheduler;
  const QuiltIoPriority *io = &process->io_priority;
  SchedAttr attr = {
      .size = sizeof attr,
      .policy = (guint32)scheduler->policy,
      .flags = scheduler->flags,
      .nice = (gint32)scheduler->nice,
      .priority = (guint32)scheduler->priority,
      .runtime = scheduler->runtime,
      .deadline = scheduler->deadline,
      .period = scheduler->period,
  };

  if (scheduler->is_set && syscall (SYS_sched_setattr, pid, &attr, 0) < 0)
    return quilt_set_error_errno (error, errno, "Failed to apply process.scheduler");
  if (io->io_class && syscall (SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
                               IOPRIO_PRIO_VALUE ((int)io->io_class, (int)io->priority)) < 0)
    return quilt_set_error_errno (error, errno, "Failed to apply process.ioPriority");
  return TRUE;
}
