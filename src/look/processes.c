/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists the processes of a container. One thread reads them, one after the other. If it is stuck in
 * the memory of a process, it is left behind, and another thread goes on with the next process. */
#include "look/processes.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/processes.h"
#include "cgroup/scope.h"
#include "look/host-process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Time after which no further process is read, and after which a thread without progress is left
 * behind. quiltd waits longer. */
#define READ_USEC (3 * G_USEC_PER_SEC)
#define STUCK_USEC (200 * G_TIME_SPAN_MILLISECOND)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

/* Shared by the threads. Counted, since a thread that was left behind may outlive the list. */
typedef struct {
  const QuiltProcessesOf *of;
  gint64 deadline;
  GArray *pids; /* sorted */
  /* The rest is guarded. */
  GMutex lock;
  GCond changed;
  guint next;           /* index in pids */
  guint turn;           /* number of the thread that may change this; others are left behind */
  gboolean done;        /* that thread has nothing more to do */
  GPtrArray *processes; /* read so far */
} Reading;

typedef struct {
  Reading *reading;
  guint turn;
} Turn;

/* The process of fd is in the container. If the scope's cgroup still exists, no other scope has had
 * its path meanwhile. */
static gboolean
belongs (const QuiltProcessesOf *of, int fd)
{
  g_autofree char *cgroup = quilt_host_process_read_cgroup (fd);
  g_autofree char *part = cgroup ? quilt_scope_find_part (of->scope, cgroup) : NULL;

  return part && quilt_scope_is_contained (part) &&
         faccessat (of->scope_fd, "cgroup.procs", F_OK, 0) == 0;
}

static void
reading_clear (gpointer data)
{
  Reading *self = data;

  g_array_unref (self->pids);
  g_ptr_array_unref (self->processes);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

static void
reading_unref (Reading *self)
{
  g_atomic_rc_box_release_full (self, reading_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_unref)

/* Returns 0 if the thread has nothing more to do. */
static pid_t
take_next (const Turn *turn)
{
  Reading *self = turn->reading;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (turn->turn != self->turn)
    return 0;
  g_cond_signal (&self->changed);
  self->done = self->next == self->pids->len || self->processes->len == QUILT_PROCESSES_MAX ||
               g_get_monotonic_time () >= self->deadline;
  return self->done ? 0 : g_array_index (self->pids, pid_t, self->next++);
}

/* Takes ownership of process. Returns FALSE if the thread was left behind. */
static gboolean
add (const Turn *turn, QuiltHostProcess *process)
{
  Reading *self = turn->reading;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (turn->turn == self->turn) {
    g_ptr_array_add (self->processes, process);
    return TRUE;
  }
  quilt_host_process_free (process);
  return FALSE;
}

/* Takes ownership of command. The process is the last that the thread has added. */
static void
set_command (const Turn *turn, char **command, gboolean cut)
{
  Reading *self = turn->reading;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  QuiltHostProcess *process;

  if (turn->turn != self->turn) {
    g_strfreev (command);
    return;
  }
  process = self->processes->pdata[self->processes->len - 1];
  process->command = command;
  process->command_cut = cut;
}

static void
read_one (const Turn *turn, pid_t pid)
{
  const QuiltProcessesOf *of = turn->reading->of;
  g_autofd int fd = quilt_host_process_open (pid);
  g_autoptr (QuiltHostProcess) process = fd >= 0 ? quilt_host_process_read (fd, pid) : NULL;
  g_auto (GStrv) command = NULL;
  gboolean cut = FALSE;

  if (!process || !belongs (of, fd) || !add (turn, g_steal_pointer (&process)))
    return;
  command = of->read_command (fd, &cut);
  if (command && belongs (of, fd))
    set_command (turn, g_steal_pointer (&command), cut);
}

static gpointer
run (gpointer data)
{
  Turn *turn = data;
  pid_t pid;

  while ((pid = take_next (turn)))
    read_one (turn, pid);
  reading_unref (turn->reading);
  g_free (turn);
  return NULL;
}

/* Called with the lock. */
static void
begin_turn (Reading *self)
{
  Turn *turn = g_new0 (Turn, 1);

  turn->reading = g_atomic_rc_box_acquire (self);
  turn->turn = ++self->turn;
  g_thread_unref (g_thread_new ("reader", run, turn));
}

/* Each thread has its time, so a few processes that let threads wait don't use up the time of the
 * others. */
static void
read_all (Reading *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->done && g_get_monotonic_time () < self->deadline) {
    guint before;
    gint64 stuck;

    begin_turn (self);
    do {
      before = self->next;
      stuck = g_get_monotonic_time () + STUCK_USEC;
      while (!self->done && self->next == before &&
             g_cond_wait_until (&self->changed, &self->lock, stuck))
        ;
    } while (!self->done && self->next != before);
  }
  self->turn++; /* leaves the last thread behind, if it is stuck */
}

static gboolean
add_part (int scope_fd, const char *name, GArray *pids)
{
  g_autofd int fd = openat (scope_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

  return fd >= 0 ? quilt_cgroup_list_processes (fd, pids) : quilt_cgroup_is_gone (errno);
}

static int
compare_pids (gconstpointer a, gconstpointer b)
{
  const pid_t one = *(const pid_t *)a, other = *(const pid_t *)b;

  return (one > other) - (one < other);
}

/* Of a cgroup that is gone: none. */
static GArray *
list_pids (int scope_fd, GError **error)
{
  g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  int fd = openat (scope_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;
  gboolean ok = dir || quilt_cgroup_is_gone (errno);

  while (ok && dir && (entry = readdir (dir)))
    if (entry->d_type == DT_DIR && quilt_scope_is_contained (entry->d_name))
      ok = add_part (scope_fd, entry->d_name, pids);
  if (!ok) {
    quilt_set_error_errno (error, errno, "Failed to list the processes of the container");
    return NULL;
  }
  g_array_sort (pids, compare_pids);
  return g_steal_pointer (&pids);
}

/* The container's processes have one pid more than we can see for each level of nesting; a process
 * in a pid namespace that it has made itself has still more. */
static void
learn_level (const QuiltProcessesOf *of, QuiltProcessView *view)
{
  g_autofd int fd = of->first > 0 ? quilt_host_process_open (of->first) : -1;
  g_autoptr (QuiltHostProcess) first = fd >= 0 ? quilt_host_process_read (fd, of->first) : NULL;

  if (!first || !belongs (of, fd))
    return;
  view->level = first->status.n_pids - 1;
  view->level_known = TRUE;
}

GVariant *
quilt_processes_list (const QuiltProcessesOf *of, guint64 *ret_left_out, GError **error)
{
  g_autoptr (GArray) pids = list_pids (of->scope_fd, error);
  GVariantBuilder rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  QuiltProcessView view = {.uid_map = of->uid_map};
  g_autoptr (Reading) self = NULL;

  if (!pids)
    return NULL;
  learn_level (of, &view);
  self = g_atomic_rc_box_new0 (Reading);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->of = of;
  self->deadline = g_get_monotonic_time () + READ_USEC;
  self->pids = g_steal_pointer (&pids);
  self->processes = g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_host_process_free);
  read_all (self);
  for (guint i = 0; i < self->processes->len; i++)
    g_variant_builder_add_value (&rows,
                                 quilt_host_process_to_row (self->processes->pdata[i], &view));
  *ret_left_out = self->pids->len - self->next;
  return g_variant_builder_end (&rows);
}
