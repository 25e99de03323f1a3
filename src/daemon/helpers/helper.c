/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A helper process and the socket to it. */
#include "daemon/helpers/helper.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Environment variables that the service manager intends only for quiltd. */
static const char *const private_variables[] = {
    "NOTIFY_SOCKET",  "WATCHDOG_PID",          "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID",
    "LISTEN_FDNAMES", "CREDENTIALS_DIRECTORY", "FDSTORE",       "G_SLICE",
};

/* Time limit for a helper to fork, for which the main thread waits. */
#define FORK_MSEC 1000

struct QuiltHelper {
  const QuiltHelperEvents *events;
  gpointer data;
  int socket;
  int pidfd; /* -1: unknown */
  pid_t pid; /* 0: not our child */
  guint source;
  /* version of the messages that it understands; 0: unknown, it has sent nothing yet */
  guint32 version;
  GQueue unsent; /* of QuiltMessage: the socket's buffer is full, or the version is unknown */
  guint writable;
};

static void
drop_unsent (QuiltHelper *self)
{
  g_queue_clear_full (&self->unsent, g_free);
  if (self->writable)
    g_source_remove (self->writable);
  self->writable = 0;
}

static gboolean
on_ended (int pidfd, GIOCondition condition, gpointer data)
{
  QuiltHelper *self = data;

  self->source = 0;
  self->events->closed (self->data);
  return G_SOURCE_REMOVE;
}

/* Handles a closed or failed connection. Kills the helper, unless hung_up() returns TRUE. Once the
 * helper has ended, closed() follows. */
static void
hang_up (QuiltHelper *self)
{
  self->source = 0;
  drop_unsent (self);
  if (self->events->hung_up && self->events->hung_up (self->data))
    return; /* the callback may have freed self */
  if (self->pidfd < 0) {
    self->events->closed (self->data);
    return;
  }
  quilt_helper_kill (self);
  self->source = g_unix_fd_add (self->pidfd, G_IO_IN, on_ended, self);
}

static gboolean
send_now (QuiltHelper *self, const QuiltMessage *message)
{
  QuiltMessage spoken = *message;

  spoken.version = self->version;
  return quilt_message_send (self->socket, &spoken);
}

static gboolean
on_writable (int socket, GIOCondition condition, gpointer data)
{
  QuiltHelper *self = data;
  QuiltMessage *next;

  while ((next = g_queue_peek_head (&self->unsent)) && send_now (self, next))
    g_free (g_queue_pop_head (&self->unsent));
  if (next && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  drop_unsent (self); /* all is sent; or the helper is gone, which closed() reports */
  return G_SOURCE_REMOVE;
}

static void
send_later (QuiltHelper *self)
{
  self->writable = g_unix_fd_add (self->socket, G_IO_OUT, on_writable, self);
}

/* Learns the version from the first message of an adopted helper, and sends the messages that
 * waited for it. */
static void
learn_version (QuiltHelper *self, const QuiltMessage *message)
{
  if (self->version != 0)
    return;
  self->version = message->version;
  if (quilt_helper_is_clogged (self))
    send_later (self);
}

static gboolean
on_readable (int socket, GIOCondition condition, gpointer data)
{
  QuiltHelper *self = data;
  const QuiltHelperEvents *events = self->events;
  g_autoptr (GBytes) body = NULL;
  QuiltMessage message;
  guint n_fds = 0;
  int fd = -1;
  int r = events->descriptor || events->body
              ? quilt_message_receive_body (socket, &message, &fd, events->descriptor ? 1 : 0,
                                            &n_fds, &body)
              : quilt_message_receive (socket, &message);

  if (r < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  if (r > 0) {
    learn_version (self, &message);
    if (n_fds > 0)
      events->descriptor (&message, fd, self->data);
    else if (body && events->body)
      events->body (&message, body, self->data);
    else
      events->message (&message, self->data);
    return G_SOURCE_CONTINUE; /* the callback may have freed self */
  }
  if (r < 0 && self->pid) /* we connect to an adopted helper again and again */
    g_warning ("Failed to read what helper process %d sent: %s", (int)self->pid,
               g_strerror (errno));
  hang_up (self);
  return G_SOURCE_REMOVE;
}

static QuiltHelper *
helper_new (int socket, guint32 version, const QuiltHelperEvents *events, gpointer data)
{
  QuiltHelper *self = g_new0 (QuiltHelper, 1);

  /* A stopped helper must not block us: a message that does not fit into the socket's buffer is an
   * error. */
  g_unix_set_fd_nonblocking (socket, TRUE, NULL);
  self->events = events;
  self->data = data;
  self->socket = socket;
  self->version = version;
  self->pidfd = -1;
  self->source = g_unix_fd_add (socket, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
  return self;
}

static int
pidfd_open (pid_t pid)
{
  return (int)syscall (SYS_pidfd_open, pid, 0);
}

/* fds[i] becomes 3 + i. moves[i] is a copy of it with a number above all targets. */
static int
plan_descriptors (posix_spawn_file_actions_t *actions, const int *fds, int *moves, guint n)
{
  int r = posix_spawn_file_actions_addopen (actions, 0, "/dev/null", O_RDONLY, 0);

  for (guint i = 0; i < n && r == 0; i++) {
    if (fds[i] < 0)
      continue;
    moves[i] = fcntl (fds[i], F_DUPFD_CLOEXEC, 3 + (int)n);
    r = moves[i] < 0 ? errno : posix_spawn_file_actions_adddup2 (actions, moves[i], 3 + (int)i);
  }
  /* All our descriptors are close-on-exec, but those of a library, or inherited ones, may not
   * be. */
  return r == 0 ? posix_spawn_file_actions_addclosefrom_np (actions, 3 + (int)n) : r;
}

int
quilt_helper_open_dir (const char *path, GError **error)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
  g_autofd int fd = open_tree (AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

  /* Without permission to mount no container can start, but the tests don't need it. */
  if (fd < 0 && errno == EPERM)
    fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  else if (fd >= 0 && mount_setattr (fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
    quilt_fd_clear (&fd);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open '%s', the directory of the helpers", path);
  return g_steal_fd (&fd);
}

static char **
helper_environment (void)
{
  char **environment = g_get_environ ();

  for (guint i = 0; i < G_N_ELEMENTS (private_variables); i++)
    environment = g_environ_unsetenv (environment, private_variables[i]);
  return environment;
}

/* Returns an errno. Uses the path in our own /proc, since the child's copy of the descriptor is
 * closed by then. */
static int
spawn_with (int dir_fd, const char *const *argv, const int *fds, guint n, pid_t *ret_pid)
{
  g_autofree char *program = g_path_get_basename (argv[0]);
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d/%s", (int)getpid (), dir_fd, program);
  g_autofree int *moves = g_new (int, n);
  g_auto (GStrv) environment = helper_environment ();
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, ours;
  int r;

  sigemptyset (&none);
  sigemptyset (&ours); /* the signals that GLib and main.c have changed */
  sigaddset (&ours, SIGPIPE);
  for (guint i = 0; i < n; i++)
    moves[i] = -1;
  posix_spawn_file_actions_init (&actions);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &ours);
  r = plan_descriptors (&actions, fds, moves, n);
  if (r == 0)
    r = posix_spawn (ret_pid, path, &actions, &attributes, (char *const *)argv, environment);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  for (guint i = 0; i < n; i++)
    quilt_fd_clear (&moves[i]);
  return r;
}

static gboolean
make_sockets (const char *program, int *ret_ours, int *ret_theirs, GError **error)
{
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket for '%s'", program);
  *ret_ours = pair[0];
  *ret_theirs = pair[1];
  return TRUE;
}

static QuiltHelper *
child_new (int socket, pid_t pid, int pidfd, const QuiltHelperEvents *events, gpointer data)
{
  QuiltHelper *self = helper_new (socket, QUILT_MESSAGE_VERSION, events, data);

  self->pid = pid;
  self->pidfd = pidfd;
  return self;
}

QuiltHelper *
quilt_helper_spawn (int dir_fd,
                    const char *const *argv,
                    const int *fds,
                    guint n_fds,
                    const QuiltHelperEvents *events,
                    gpointer data,
                    GError **error)
{
  g_autofree int *all = g_new (int, n_fds + 1);
  g_autofd int ours = -1;
  g_autofd int theirs = -1;
  int pidfd, r;
  pid_t pid;

  if (!make_sockets (argv[0], &ours, &theirs, error))
    return NULL;
  all[0] = theirs;
  for (guint i = 0; i < n_fds; i++)
    all[i + 1] = fds[i];
  r = spawn_with (dir_fd, argv, all, n_fds + 1, &pid);
  if (r != 0) {
    quilt_set_error_errno (error, r, "Failed to execute '%s'", argv[0]);
    return NULL;
  }
  pidfd = pidfd_open (pid); /* safe, since our child is not reaped yet */
  if (pidfd < 0) {
    quilt_set_error_errno (error, errno, "Failed to watch '%s'", argv[0]);
    kill (pid, SIGKILL);
    waitpid (pid, NULL, 0);
    return NULL;
  }
  return child_new (g_steal_fd (&ours), pid, pidfd, events, data);
}

/* Returns 1 with a pidfd if the answer is FORKED; otherwise 0, or -1 with errno set. */
static int
await_forked (int socket, QuiltMessage *ret_answer, int *ret_pidfd)
{
  struct pollfd readable = {.fd = socket, .events = POLLIN};
  guint n;
  int r;

  do
    r = poll (&readable, 1, FORK_MSEC);
  while (r < 0 && errno == EINTR);
  if (r == 0)
    errno = ETIMEDOUT;
  if (r <= 0)
    return -1;
  r = quilt_message_receive_fds (socket, ret_answer, ret_pidfd, 1, &n);
  return r <= 0 ? r : n == 1 && ret_answer->type == QUILT_MESSAGE_FORKED;
}

QuiltHelper *
quilt_helper_fork (
    QuiltHelper *self, int cgroup, const QuiltHelperEvents *events, gpointer data, GError **error)
{
  g_autofd int ours = -1;
  g_autofd int theirs = -1;
  QuiltMessage message;
  int pidfd = -1, r;

  if (!make_sockets ("a helper", &ours, &theirs, error))
    return NULL;
  quilt_message_init (&message, QUILT_MESSAGE_FORK);
  r = quilt_helper_send_body (self, &message, (const int[]){theirs, cgroup}, cgroup < 0 ? 1 : 2,
                              NULL)
          ? await_forked (self->socket, &message, &pidfd)
          : -1;
  if (r > 0)
    return child_new (g_steal_fd (&ours), message.pid, pidfd, events, data);
  quilt_fd_clear (&pidfd);
  /* The cgroup is full or gone. The helper itself works. */
  if (r == 0 && message.type == QUILT_MESSAGE_ERROR && cgroup >= 0)
    return quilt_helper_fork (self, -1, events, data, error);
  quilt_set_error_errno (error, r < 0 ? errno : ECHILD, "Failed to fork helper process %d",
                         (int)self->pid);
  return NULL;
}

/* Returns a pidfd of the process that listened on the socket to which we are connected. */
static int
peer_pidfd (int socket)
{
  struct pollfd alive = {.fd = socket, .events = 0};
  struct ucred peer;
  socklen_t size = sizeof peer;
  g_autofd int fd = -1;

  if (getsockopt (socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
    return -1;
  fd = pidfd_open (peer.pid);
  /* Only that process has the other end. If that end is still open, the pid was not reused. */
  if (fd < 0 || poll (&alive, 1, 0) != 0)
    return -1;
  return g_steal_fd (&fd);
}

QuiltHelper *
quilt_helper_adopt (int socket, const QuiltHelperEvents *events, gpointer data)
{
  QuiltHelper *self = helper_new (socket, 0, events, data);

  self->pidfd = peer_pidfd (socket);
  return self;
}

static gboolean
reap (gpointer data)
{
  int pidfd = GPOINTER_TO_INT (data);
  siginfo_t info = {0};

  if (waitid (P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
    return G_SOURCE_CONTINUE;
  close (pidfd);
  return G_SOURCE_REMOVE;
}

/* A traced process that has ended can't be reaped until its tracer lets it go. */
static gboolean
on_reapable (int pidfd, GIOCondition condition, gpointer data)
{
  if (reap (GINT_TO_POINTER (pidfd)) == G_SOURCE_CONTINUE)
    g_timeout_add_seconds (1, reap, GINT_TO_POINTER (pidfd));
  return G_SOURCE_REMOVE;
}

void
quilt_helper_free (QuiltHelper *self)
{
  siginfo_t info = {0};

  if (!self)
    return;
  if (self->source)
    g_source_remove (self->source);
  drop_unsent (self);
  quilt_fd_clear (&self->socket);
  if (self->pid && self->pidfd >= 0 &&
      waitid (P_PIDFD, (id_t)self->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
    g_unix_fd_add (self->pidfd, G_IO_IN, on_reapable, NULL); /* takes ownership of the descriptor */
  else
    quilt_fd_clear (&self->pidfd);
  g_free (self);
}

guint32
quilt_helper_get_pid (const QuiltHelper *self)
{
  return (guint32)self->pid;
}

void
quilt_helper_set_events (QuiltHelper *self, const QuiltHelperEvents *events, gpointer data)
{
  self->events = events;
  self->data = data;
}

gboolean
quilt_helper_answers (const QuiltHelper *self)
{
  return self->version != QUILT_MESSAGE_VERSION_1;
}

gboolean
quilt_helper_send_body (
    QuiltHelper *self, const QuiltMessage *message, const int *fds, guint n_fds, GBytes *body)
{
  return quilt_message_send_body (self->socket, message, fds, n_fds, body);
}

gboolean
quilt_helper_send (QuiltHelper *self, const QuiltMessage *message)
{
  if (self->version != 0 && !quilt_helper_is_clogged (self)) {
    if (send_now (self, message))
      return TRUE;
    if (errno != EAGAIN)
      return FALSE;
    send_later (self);
  }
  g_queue_push_tail (&self->unsent, g_memdup2 (message, sizeof *message));
  return TRUE;
}

gboolean
quilt_helper_is_clogged (const QuiltHelper *self)
{
  return self->unsent.length > 0;
}

void
quilt_helper_kill (QuiltHelper *self)
{
  if (self->pidfd >= 0)
    syscall (SYS_pidfd_send_signal, self->pidfd, SIGKILL, NULL, 0);
}
