/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the procfs of another container's pid namespace. A procfs shows the pid namespace in which
 * fsopen(2) was called, so a process has to be born there. A container with the host's ids and
 * CAP_SYS_PTRACE can use everything that such a process has: its root, its descriptors, its
 * capabilities. Two processes keep all of that away from the container. The maker stays outside of
 * the pid namespace. It has an empty root and no descriptor but a socket, and does what needs power
 * over the pid namespace. The maker's child is born in the pid namespace. It has its own user
 * namespace, so it has no power over anything else. It calls fsopen() and ends. The result may be
 * forged, so the caller checks that it is a procfs. */
#include "core/mounts/procfs.h"

#include "base/fd.h"
#include "core/mounts/parts.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* Time limit for the maker's answer. A container that stops the child only delays the container
 * that joins it. */
#define ANSWER_MSEC 10000

/* The only descriptors of the maker. */
enum {
  FD_SOCKET = 0,
  FD_CONTEXT = 1,
};

typedef struct {
  int r;
  char detail[256];
} Answer;

/* Moves the maker to an empty root, from which the host's root can't be reached. */
static int
leave_tree (void)
{
  const QuiltMountOp empty = {
      .type = "tmpfs",
      .settings = &(GArray){NULL, 0},
      .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  };
  struct mount_attr private = {.propagation = MS_PRIVATE};
  g_autofd int root_fd = -1;
  g_autofd int empty_fd = -1;
  int r;

  if (unshare (CLONE_NEWNS) < 0 ||
      mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private) < 0 ||
      (root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
    return -errno;
  r = quilt_mount_new (&empty, NULL, 0, &empty_fd);
  if (r == 0)
    r = quilt_mount_attach (empty_fd, root_fd);
  if (r < 0)
    return r;
  return fchdir (empty_fd) < 0 || syscall (SYS_pivot_root, ".", ".") < 0 ||
                 umount2 (".", MNT_DETACH) < 0 || chdir ("/") < 0
             ? -errno
             : 0;
}

/* Runs in the maker. Its child shares the table of descriptors, and opens the file system as
 * FD_CONTEXT. */
static int
open_inside (void)
{
  struct clone_args child = {
      .flags = CLONE_FILES | CLONE_NEWUSER | CLONE_NEWNS,
      .exit_signal = SIGCHLD,
  };
  pid_t pid = (pid_t)syscall (SYS_clone3, &child, sizeof child);
  int status = 0;

  if (pid == 0) {
    int fd = fsopen ("proc", FSOPEN_CLOEXEC);

    _exit (fd == FD_CONTEXT ? 0 : fd < 0 ? errno : EBADF);
  }
  if (pid < 0)
    return -errno;
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED (status) ? -WEXITSTATUS (status) : -ECHILD;
}

/* Closes everything but the socket, since the child inherits all open descriptors. */
static int
close_others (int namespace_fd, int socket_fd)
{
  return dup2 (socket_fd, FD_SOCKET) < 0 || setns (namespace_fd, CLONE_NEWPID) < 0 ||
                 close_range (FD_CONTEXT, ~0U, 0) < 0
             ? -errno
             : 0;
}

static void G_GNUC_NORETURN
make (const QuiltMountOp *op, int namespace_fd, int socket_fd)
{
  const int context = FD_CONTEXT;
  Answer answer = {0};

  prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  answer.r = close_others (namespace_fd, socket_fd);
  if (answer.r == 0)
    answer.r = leave_tree ();
  if (answer.r == 0)
    answer.r = open_inside ();
  if (answer.r == 0)
    answer.r = quilt_mount_configure (op, FD_CONTEXT, answer.detail, sizeof answer.detail);
  quilt_fds_send (FD_SOCKET, &answer, sizeof answer, &context, answer.r == 0 ? 1 : 0);
  _exit (0);
}

/* Receives the maker's answer. The child may have sent another answer instead. */
static int
receive (int socket_fd, char *detail, gsize size, int *ret_fd)
{
  struct pollfd more = {socket_fd, POLLIN, 0};
  Answer answer;
  guint n = 0;
  int r;

  do
    r = poll (&more, 1, ANSWER_MSEC);
  while (r < 0 && errno == EINTR);
  if (r <= 0)
    return r < 0 ? -errno : -ETIMEDOUT;
  if (quilt_fds_receive (socket_fd, MSG_DONTWAIT, &answer, sizeof answer, ret_fd, 1, &n) !=
      sizeof answer)
    return -ECHILD;
  answer.detail[sizeof answer.detail - 1] = '\0';
  g_strlcpy (detail, answer.detail, size);
  return answer.r < 0 ? answer.r : n == 1 ? 0 : -EBADMSG;
}

static int
check (int fd)
{
  struct statfs st;

  if (fstatfs (fd, &st) < 0)
    return -errno;
  return st.f_type == PROC_SUPER_MAGIC ? 0 : -EBADMSG;
}

int
quilt_procfs_new (const QuiltMountOp *op, int namespace_fd, char *detail, gsize size, int *ret_fd)
{
  struct clone_args child = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD};
  g_autofd int pid_fd = -1;
  g_autofd int context_fd = -1;
  g_autofd int fd = -1;
  int fds[2], r;
  pid_t pid;

  child.pidfd = (guint64)(gsize)&pid_fd;
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
    return -errno;
  pid = (pid_t)syscall (SYS_clone3, &child, sizeof child);
  if (pid == 0)
    make (op, namespace_fd, fds[1]);
  r = pid < 0 ? -errno : 0;
  close (fds[1]);
  if (r == 0)
    r = receive (fds[0], detail, size, &context_fd);
  close (fds[0]);
  if (pid > 0) {
    pidfd_send_signal (pid_fd, SIGKILL, NULL, 0);
    waitpid (pid, NULL, 0);
  }
  /* Ask for no detail: the child may have sent any descriptor, and reading from it could block
   * forever. */
  if (r == 0)
    r = quilt_mount_finish (op, context_fd, NULL, 0, &fd);
  if (r == 0)
    r = check (fd);
  if (r == 0)
    *ret_fd = g_steal_fd (&fd);
  return r;
}
