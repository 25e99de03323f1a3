/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining existing namespaces. The supervisor opens them. A process between it and the init enters
 * them before the clone, or the init enters them. */
#include "core/namespaces/join.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
  guint ours;
  int clone_flag;
} types[] = {
    {QUILT_NS_PID, CLONE_NEWPID},       {QUILT_NS_NETWORK, CLONE_NEWNET},
    {QUILT_NS_IPC, CLONE_NEWIPC},       {QUILT_NS_UTS, CLONE_NEWUTS},
    {QUILT_NS_CGROUP, CLONE_NEWCGROUP}, {QUILT_NS_TIME, CLONE_NEWTIME},
    {QUILT_NS_MOUNT, CLONE_NEWNS},      {QUILT_NS_USER, CLONE_NEWUSER},
};

static int
clone_flag_of (guint type)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].ours == type)
      return types[i].clone_flag;
  return 0;
}

int
quilt_joins_new_namespaces (const QuiltSpec *spec)
{
  const guint later = QUILT_NS_CGROUP | QUILT_NS_TIME;
  int flags = 0;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (spec->namespaces & types[i].ours & ~later)
      flags |= types[i].clone_flag;
  return flags;
}

/* Whether it is our own namespace, of a type in which a container would leave changes. */
static gboolean
is_own (int fd, QuiltNamespaces type)
{
  const char *path = type == QUILT_NS_NETWORK ? "/proc/self/ns/net"
                     : type == QUILT_NS_MOUNT ? "/proc/self/ns/mnt"
                     : type == QUILT_NS_IPC   ? "/proc/self/ns/ipc"
                     : type == QUILT_NS_UTS   ? "/proc/self/ns/uts"
                                              : NULL;
  struct stat own, other;

  return path && stat (path, &own) == 0 && fstat (fd, &other) == 0 && own.st_ino == other.st_ino &&
         own.st_dev == other.st_dev;
}

static gboolean
open_one (const QuiltSpec *spec, const QuiltNamespaceJoin *join, QuiltJoins *joins, GError **error)
{
  g_autofd int fd = open (join->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int type = clone_flag_of (join->type);

  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open namespace '%s'", join->path);
  if (type == 0 || ioctl (fd, NS_GET_NSTYPE) != type) {
    g_set_error (
        error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
        "Failed to join '%s': it is not a namespace of the type that linux.namespaces names",
        join->path);
    return FALSE;
  }
  if (join->type == QUILT_NS_MOUNT && quilt_spec_builds_root (spec) && is_own (fd, join->type)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use linux.namespaces: '%s' is the runtime's own 'mount' namespace, and "
                 "the container's mounts would be made in it",
                 join->path);
    return FALSE;
  }
  if (join->type == QUILT_NS_UTS && (spec->hostname || spec->domainname) &&
      is_own (fd, join->type)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to join '%s': it is the runtime's own namespace, and %s would change it",
                 join->path, spec->hostname ? "hostname" : "domainname");
    return FALSE;
  }
  if (g_hash_table_size (spec->sysctls) > 0 && is_own (fd, join->type)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to join '%s': it is the runtime's own namespace, and linux.sysctl would "
                 "change it",
                 join->path);
    return FALSE;
  }
  g_return_val_if_fail (joins->n < QUILT_JOINS_MAX, FALSE);
  joins->types[joins->n] = type;
  joins->fds[joins->n++] = g_steal_fd (&fd);
  return TRUE;
}

gboolean
quilt_joins_open (const QuiltSpec *spec, QuiltJoins *ret_joins, GError **error)
{
  g_auto (QuiltJoins) joins = QUILT_JOINS_NONE;

  joins.is_guest = spec->is_guest;
  /* Open the user namespace last, whatever the order in the configuration: entering it drops the
   * privileges that the other namespaces need. */
  for (guint i = 0; i < 2 * spec->joins->len; i++) {
    const QuiltNamespaceJoin *join = spec->joins->pdata[i % spec->joins->len];

    if ((join->type == QUILT_NS_USER) == (i >= spec->joins->len) &&
        !open_one (spec, join, &joins, error))
      return FALSE;
  }
  *ret_joins = joins;
  joins.n = 0;
  return TRUE;
}

void
quilt_joins_clear (QuiltJoins *joins)
{
  for (guint i = 0; i < joins->n; i++)
    quilt_fd_clear (&joins->fds[i]);
  joins->n = 0;
}

int
quilt_joins_find (const QuiltJoins *joins, int type)
{
  for (guint i = 0; i < joins->n; i++)
    if (joins->types[i] == type)
      return joins->fds[i];
  return -1;
}

gboolean
quilt_joins_await_birth (const QuiltJoins *joins)
{
  return quilt_joins_find (joins, CLONE_NEWPID) >= 0;
}

/* If the root is built in an existing mount namespace, that namespace is entered last: until then
 * paths must be the host's. */
static gboolean
is_for_later (const QuiltJoins *joins, guint i)
{
  return joins->types[i] == CLONE_NEWNS && !joins->is_guest;
}

gboolean
quilt_joins_come_first (const QuiltJoins *joins)
{
  return quilt_joins_await_birth (joins) && !joins->is_guest;
}

/* The answer of the intermediate process. It is short enough for a pipe to take it in one write. */
typedef struct {
  pid_t pid; /* -1: errsv is the reason */
  int pid_fd;
  int errsv;
} Answer;

/* Runs in the intermediate process, which enters the namespaces only so that its child is born in
 * them. The child is a sibling of this process: a child of ours. Returns in the child. */
static void
enter_and_clone (const QuiltJoins *joins, struct clone_args *args, int answer_fd)
{
  Answer answer = {.pid = 0, .pid_fd = -1};

  args->flags |= CLONE_PARENT;
  args->exit_signal = 0; /* CLONE_PARENT uses the exit signal of this process */
  args->pidfd = (guint64)(gsize)&answer.pid_fd;
  for (guint i = 0; i < joins->n && answer.pid == 0; i++)
    if (!is_for_later (joins, i) && setns (joins->fds[i], joins->types[i]) < 0)
      answer.pid = -1;
  /* Entering a user namespace has made this process dumpable again. */
  if (answer.pid == 0)
    prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (answer.pid == 0)
    answer.pid = (pid_t)syscall (SYS_clone3, args, sizeof *args);
  if (answer.pid == 0)
    return;
  answer.errsv = errno;
  _exit (quilt_fd_write_all (answer_fd, &answer, sizeof answer) ? 0 : 1);
}

pid_t
quilt_joins_clone (const QuiltJoins *joins, struct clone_args *args)
{
  /* Share the table of descriptors, so that the pidfd appears in ours too. */
  struct clone_args between = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
  Answer answer = {.pid = -1, .errsv = ECHILD};
  int fds[2];
  pid_t pid;

  if (joins->n == 0 || joins->is_guest || quilt_joins_come_first (joins))
    return (pid_t)syscall (SYS_clone3, args, sizeof *args);
  if (pipe2 (fds, O_CLOEXEC) < 0)
    return -1;
  pid = (pid_t)syscall (SYS_clone3, &between, sizeof between);
  if (pid == 0) {
    enter_and_clone (joins, args, fds[1]);
    return 0;
  }
  if (pid < 0)
    answer.errsv = errno;
  else
    waitpid (pid, NULL, 0);
  close (fds[1]); /* so that reading ends even if the process died without an answer */
  if (pid > 0 && read (fds[0], &answer, sizeof answer) < 0)
    answer.errsv = errno;
  close (fds[0]);
  if (answer.pid > 0)
    *(int *)(gsize)args->pidfd = answer.pid_fd;
  errno = answer.errsv;
  return answer.pid;
}

int
quilt_joins_enter (const QuiltJoins *joins, int new_namespaces)
{
  for (guint i = 0; i < joins->n; i++)
    if (!is_for_later (joins, i) && setns (joins->fds[i], joins->types[i]) < 0)
      return -errno;
  if (new_namespaces && unshare (new_namespaces) < 0)
    return -errno;
  for (guint i = 0; i < joins->n; i++)
    if (!is_for_later (joins, i))
      close (joins->fds[i]);
  return 0;
}

pid_t
quilt_joins_bear (int *ret_pid_fd)
{
  struct clone_args args = {
      .flags = CLONE_PARENT | CLONE_PIDFD,
      .pidfd = (guint64)(gsize)ret_pid_fd,
  };
  pid_t pid = (pid_t)syscall (SYS_clone3, &args, sizeof args);

  /* Seccomp filters can't read the arguments of clone3(2), so many answer it with ENOSYS. */
  return pid < 0 && errno == ENOSYS
             ? (pid_t)syscall (SYS_clone, (unsigned long)args.flags, NULL, ret_pid_fd, NULL, NULL)
             : pid;
}
