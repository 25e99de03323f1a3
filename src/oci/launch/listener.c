/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passes the listener of a system call filter to the program that decides about calls. */
#include "oci/launch/listener.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "oci/launch/caller.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/uio.h>

/* The listener exists once the filter is loaded, which takes well under a millisecond. */
#define LOOK_NSEC 50000

/* Takes the listener. Until it exists, no other descriptor can get its number, since the process
 * has one thread. */
static int
take (int pid_fd, int fd)
{
  const struct timespec moment = {0, LOOK_NSEC};
  struct pollfd end = {pid_fd, POLLIN, 0};
  int taken;

  while ((taken = pidfd_getfd (pid_fd, fd, 0)) < 0 && errno == EBADF)
    if (ppoll (&end, 1, &moment, NULL) > 0)
      return errno = ESRCH, -1;
  return taken;
}

static gboolean
let_go_on (pid_t pid, const QuiltReport *report)
{
  guint8 yes = 1;
  const struct iovec ours = {&yes, 1};
  const struct iovec theirs = {
      (void *)(gsize)((guint64)(guint32)report->status << 32 | report->step), 1};

  return process_vm_writev (pid, &ours, 1, &theirs, 1, 0) == 1;
}

/* See config-linux.md, "The Container Process State". */
static char *
print_process_state (const QuiltOciContainer *container, const QuiltSpec *spec, pid_t pid)
{
  g_autoptr (json_object) object = json_object_new_object ();
  /* For the container's own process, report "creating" like runc and crun: its command is not
   * executed yet. */
  QuiltOciStatus status =
      pid == container->pid ? QUILT_OCI_CREATING : quilt_oci_container_get_status (container);
  g_autofree char *state = quilt_oci_container_print_state (container, spec, status);
  json_object *fds = json_object_new_array ();

  json_object_array_add (fds, json_object_new_string ("seccompFd"));
  json_object_object_add (object, "ociVersion", json_object_new_string (spec->oci_version));
  json_object_object_add (object, "fds", fds);
  json_object_object_add (object, "pid", json_object_new_int (pid));
  if (spec->seccomp->listener_metadata)
    json_object_object_add (object, "metadata",
                            json_object_new_string (spec->seccomp->listener_metadata));
  json_object_object_add (object, "state", json_tokener_parse (state));
  return quilt_json_print (object, FALSE);
}

static gboolean
send_to_agent (const char *path, int listener, const char *state, GError **error)
{
  g_autofd int agent = quilt_oci_socket_connect (path, error);

  return agent >= 0 &&
         (quilt_fds_send (agent, state, strlen (state), &listener, 1) ||
          quilt_set_error_errno (error, errno, "Failed to send the listener to '%s'", path));
}

gboolean
quilt_oci_listener_hand_over (const QuiltReport *report,
                              int pid_fd,
                              gconstpointer data,
                              GError **error)
{
  const QuiltOciListener *self = data;
  g_autofd int listener = take (pid_fd, report->error);
  g_autofree char *state = NULL;
  pid_t pid = quilt_pid_fd_get_pid (pid_fd);
  gboolean ok;

  if (listener < 0)
    return quilt_set_error_errno (error, errno, "Failed to take the listener of linux.seccomp");
  state = print_process_state (self->container, self->spec, pid);
  /* Stop the process: it waits in a busy loop, and the agent may take long. */
  pidfd_send_signal (pid_fd, SIGSTOP, NULL, 0);
  ok = send_to_agent (self->spec->seccomp->listener_path, listener, state, error);
  if (ok && !let_go_on (pid, report))
    ok = quilt_set_error_errno (error, errno, "Failed to let the container go on");
  pidfd_send_signal (pid_fd, SIGCONT, NULL, 0);
  return ok;
}
