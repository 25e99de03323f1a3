/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A spare supervisor: one that has no container yet. */
#include "supervisor/spare.h"

#include "base/error.h"
#include "base/fd.h"
#include "supervisor/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Makes the child a child of our parent: clone(2), CLONE_PARENT. A child that is born in its cgroup
 * does not have to be moved there, for which the kernel may wait some 8 ms. */
static pid_t
clone_sibling (int cgroup, int *ret_pid_fd)
{
  struct clone_args args = {
      .flags = CLONE_PARENT | CLONE_PIDFD,
      .pidfd = (guint64)(gsize)ret_pid_fd,
  };

  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (guint64)cgroup;
  }
  return (pid_t)syscall (SYS_clone3, &args, sizeof args);
}

static void
become_child (int control, int socket)
{
  if (dup3 (socket, control, O_CLOEXEC) < 0)
    _exit (255); /* quiltd sees the end of the process */
  close_range ((guint)control + 1, ~0U, 0);
}

/* Returns TRUE in the template, FALSE in the child. cgroup: -1: ours. */
static gboolean
fork_another (int control, const QuiltMessage *request, int socket, int cgroup)
{
  g_autofd int pid_fd = -1;
  QuiltMessage answer;
  pid_t pid;

  /* The child has its name from the beginning, since others may look at it at once. */
  prctl (PR_SET_NAME, "quilt-spare");
  pid = clone_sibling (cgroup, &pid_fd);
  if (pid == 0) {
    become_child (control, socket);
    return FALSE;
  }
  prctl (PR_SET_NAME, "quilt-template");
  quilt_message_init_answer (&answer, pid < 0 ? QUILT_MESSAGE_ERROR : QUILT_MESSAGE_FORKED,
                             request);
  if (pid < 0) {
    answer.code = QUILT_ERROR_FAILED;
    quilt_message_set_text (&answer, g_strerror (errno));
  }
  answer.pid = pid;
  quilt_message_send_fds (control, &answer, &pid_fd, pid < 0 ? 0 : 1);
  return TRUE;
}

static int
receive (int control,
         QuiltMessage *ret_message,
         int *ret_fds,
         guint room,
         guint *ret_n,
         GBytes **ret_body)
{
  struct pollfd readable = {control, POLLIN, 0};
  int r;

  do
    r = poll (&readable, 1, -1);
  while (r < 0 && errno == EINTR);
  return r < 0 ? -1
               : quilt_message_receive_body (control, ret_message, ret_fds, room, ret_n, ret_body);
}

/* Leaves no descriptor open: those of BEGIN must get the lowest numbers. */
static gboolean
prepare (int control, const QuiltMessage *request)
{
  g_autoptr (GError) error = NULL;
  gboolean prepared = quilt_place_prepare (&error);
  QuiltMessage answer;

  quilt_message_init_answer (&answer, prepared ? QUILT_MESSAGE_PREPARED : QUILT_MESSAGE_ERROR,
                             request);
  if (!prepared) {
    answer.code = QUILT_ERROR_FAILED;
    quilt_message_set_text (&answer, error->message);
  }
  prctl (PR_SET_NAME, "quilt-warm");
  quilt_message_send (control, &answer);
  return prepared;
}

int
quilt_spare_wait (int control,
                  QuiltMessage *ret_message,
                  int *ret_fds,
                  guint room,
                  guint *ret_n,
                  gboolean *ret_prepared,
                  GBytes **ret_body)
{
  int r;

  /* Descriptors left open here would stay open as long as the container. */
  close_range ((guint)control + 1, ~0U, 0);
  prctl (PR_SET_NAME, "quilt-spare");
  *ret_prepared = FALSE;
  while ((r = receive (control, ret_message, ret_fds, room, ret_n, ret_body)) > 0) {
    if (ret_message->type == QUILT_MESSAGE_FORK && (*ret_n == 1 || *ret_n == 2)) {
      if (fork_another (control, ret_message, ret_fds[0], *ret_n > 1 ? ret_fds[1] : -1))
        close_range ((guint)control + 1, ~0U, 0);
    } else if (ret_message->type == QUILT_MESSAGE_PREPARE && *ret_n == 0 && !*ret_prepared)
      *ret_prepared = prepare (control, ret_message);
    else
      break;
    g_clear_pointer (ret_body, g_bytes_unref);
  }
  prctl (PR_SET_NAME, "quilt-superviso");
  return r;
}
