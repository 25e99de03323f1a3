/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks: programs that an engine runs at certain points of a container's life. */
#include "core/program/hook.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "core/program/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* If the hook can't be executed, sends the errno to the parent, which can then tell this exit from
 * that of a hook. */
static void G_GNUC_NORETURN
execute (const QuiltHook *hook,
         int state_fd,
         int said_fd,
         char *const *env,
         int error_fd,
         const QuiltHookChild *child)
{
  char *const alone[] = {hook->path, NULL};
  int error;

  if (lseek (state_fd, 0, SEEK_SET) == 0 && dup2 (state_fd, 0) == 0 && dup2 (said_fd, 2) == 2 &&
      dup2 (said_fd, 1) == 1 && close_range (3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    quilt_signals_reset ();
    if (child)
      child->become (child->data);
    execve (hook->path, hook->args && hook->args[0] ? hook->args : alone,
            hook->env ? hook->env : env);
  }
  error = errno;
  quilt_fd_write_all (error_fd, &error, sizeof error);
  _exit (127);
}

/* Waits until the hook ends, its timeout passes, or a signal arrives. */
static void
watch (int pid_fd, gint64 seconds, int signal_fd, QuiltHookResult *result)
{
  const gint64 deadline = g_get_monotonic_time () + MIN (seconds, G_MAXINT32) * G_USEC_PER_SEC;
  struct pollfd fds[] = {{pid_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}};
  struct signalfd_siginfo info;
  int r;

  do {
    gint64 rest = MAX (deadline - g_get_monotonic_time (), 0);
    struct timespec timeout = {rest / G_USEC_PER_SEC, rest % G_USEC_PER_SEC * 1000};

    r = ppoll (fds, G_N_ELEMENTS (fds), seconds > 0 ? &timeout : NULL, NULL);
  } while (r < 0 && errno == EINTR);
  result->timed_out = r == 0;
  if (r > 0 && !fds[0].revents && read (signal_fd, &info, sizeof info) == sizeof info)
    result->interrupted = (int)info.ssi_signo;
}

static void
wait_for_end (pid_t pid, gint64 seconds, int signal_fd, QuiltHookResult *result)
{
  g_autofd int pid_fd = seconds > 0 || signal_fd >= 0 ? pidfd_open (pid, 0) : -1;

  if (pid_fd >= 0)
    watch (pid_fd, seconds, signal_fd, result);
  if (result->timed_out || result->interrupted)
    pidfd_send_signal (pid_fd, SIGKILL, NULL, 0);
  while (waitpid (pid, &result->status, 0) < 0 && errno == EINTR)
    ;
}

static void
read_tail (int fd, char *ret_text, gsize size)
{
  off_t end = lseek (fd, 0, SEEK_END);
  off_t start = MAX (end - (off_t)(size - 1), 0);
  ssize_t n = end > 0 ? pread (fd, ret_text, size - 1, start) : 0;

  n = MAX (n, 0);
  while (n > 0 && ret_text[n - 1] == '\n')
    n--;
  ret_text[n] = '\0';
}

gboolean
quilt_hook_run (const QuiltHook *hook,
                int state_fd,
                char *const *env,
                const QuiltHookChild *child,
                int signal_fd,
                QuiltHookResult *ret_result)
{
  QuiltHookResult result = {0};
  /* Use a file, so that no process has to read while the hook runs. The hook's cgroup is charged
   * for its memory. */
  g_autofd int said_fd = memfd_create ("quilt-hook", MFD_CLOEXEC);
  int error_fds[2];
  pid_t pid;

  *ret_result = (QuiltHookResult){.error = EMFILE};
  if (said_fd < 0 || pipe2 (error_fds, O_CLOEXEC) < 0)
    return FALSE;
  pid = fork ();
  if (pid == 0)
    execute (hook, state_fd, said_fd, env, error_fds[1], child);
  result.error = pid < 0 ? errno : 0;
  close (error_fds[1]);
  if (pid > 0 && read (error_fds[0], &result.error, sizeof result.error) < 0)
    result.error = errno;
  close (error_fds[0]);
  if (pid > 0)
    wait_for_end (pid, hook->timeout, signal_fd, &result);
  read_tail (said_fd, result.said, sizeof result.said);
  *ret_result = result;
  return result.error == 0 && !result.timed_out && !result.interrupted &&
         WIFEXITED (result.status) && WEXITSTATUS (result.status) == 0;
}

void
quilt_hook_to_error (const QuiltHookResult *result,
                     const char *kind,
                     const char *path,
                     GError **error)
{
  g_autofree char *quoted = quilt_text_quote (path);
  g_autofree char *said = quilt_text_printable (result->said, -1, sizeof result->said);
  const char *colon = *said ? ": " : "";

  if (result->error)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to run %s hook '%s': %s", kind,
                 quoted, g_strerror (result->error));
  else if (result->interrupted)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "The %s hook '%s' was killed, because signal %d (%s) asked quilt-oci to end%s%s",
                 kind, quoted, result->interrupted, g_strsignal (result->interrupted), colon, said);
  else if (result->timed_out)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "The %s hook '%s' did not end within its timeout and was killed%s%s", kind, quoted,
                 colon, said);
  else if (WIFSIGNALED (result->status))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "The %s hook '%s' was killed by signal %d (%s)%s%s", kind, quoted,
                 WTERMSIG (result->status), g_strsignal (WTERMSIG (result->status)), colon, said);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "The %s hook '%s' failed with exit code %d%s%s", kind, quoted,
                 WEXITSTATUS (result->status), colon, said);
}
