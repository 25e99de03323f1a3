/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the hooks in quilt-oci's own namespaces. */
#include "oci/launch/hooks.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/program/hook.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

int
quilt_oci_hooks_new_state (GError **error)
{
  int fd = memfd_create ("quilt-state", MFD_CLOEXEC);

  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make a file in memory");
  return fd;
}

gboolean
quilt_oci_hooks_fill_state (int state_fd,
                            const QuiltOciContainer *container,
                            const QuiltSpec *spec,
                            QuiltOciStatus status,
                            GError **error)
{
  g_autofree char *text = quilt_oci_container_print_state (container, spec, status);

  return quilt_fd_write_all (state_fd, text, strlen (text)) ||
         quilt_set_error_errno (error, errno, "Failed to write the state for hooks");
}

/* The signals that ask a program to end, except those that our caller ignores. While they are not
 * blocked, they end us. */
static int
open_signals (void)
{
  static const int asking[] = {SIGTERM, SIGINT, SIGHUP};
  struct sigaction action;
  sigset_t set;

  sigemptyset (&set);
  for (guint i = 0; i < G_N_ELEMENTS (asking); i++)
    if (sigaction (asking[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
      sigaddset (&set, asking[i]);
  return signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

gboolean
quilt_oci_hooks_await (int channel, GError **error)
{
  g_autofd int signal_fd = open_signals ();
  struct pollfd fds[] = {{channel, POLLIN, 0}, {signal_fd, POLLIN, 0}};
  struct signalfd_siginfo info;
  int r;

  while ((r = poll (fds, G_N_ELEMENTS (fds), -1)) < 0 && errno == EINTR)
    ;
  if (r <= 0 || fds[0].revents || read (signal_fd, &info, sizeof info) != sizeof info)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
               "The container was killed while its hooks ran, because signal %d (%s) asked "
               "quilt-oci to end",
               (int)info.ssi_signo, g_strsignal ((int)info.ssi_signo));
  return FALSE;
}

gboolean
quilt_oci_hooks_run (const GPtrArray *hooks,
                     const char *kind,
                     int state_fd,
                     const QuiltHookChild *child,
                     GError **error)
{
  g_autofd int signal_fd = hooks->len > 0 ? open_signals () : -1;
  QuiltHookResult result;

  for (guint i = 0; i < hooks->len; i++) {
    const QuiltHook *hook = hooks->pdata[i];

    if (!quilt_hook_run (hook, state_fd, environ, child, signal_fd, &result)) {
      quilt_hook_to_error (&result, kind, hook->path, error);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
quilt_oci_hooks_run_all (const GPtrArray *hooks,
                         const char *kind,
                         const QuiltOciContainer *container,
                         const QuiltSpec *spec,
                         QuiltOciStatus status,
                         GError **error)
{
  g_autofd int state_fd = -1;
  QuiltHookResult result;
  gboolean ok = TRUE;

  if (hooks->len == 0)
    return TRUE;
  state_fd = quilt_oci_hooks_new_state (error);
  if (state_fd < 0 || !quilt_oci_hooks_fill_state (state_fd, container, spec, status, error))
    return FALSE;
  for (guint i = 0; i < hooks->len; i++) {
    const QuiltHook *hook = hooks->pdata[i];

    if (quilt_hook_run (hook, state_fd, environ, NULL, -1, &result))
      continue;
    if (!ok)
      g_clear_error (error);
    quilt_hook_to_error (&result, kind, hook->path, error);
    ok = FALSE;
  }
  return ok;
}
