/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks: programs that an engine runs at certain points of a container's life (config.md,
 * "POSIX-platform Hooks"). */
#pragma once

#include "spec/oci/oci.h"

/* The result of a hook. */
typedef struct {
  int error;  /* errno if the hook could not be executed; 0: it was */
  int status; /* exit status, as of wait(2) */
  gboolean timed_out;
  /* the signal, read from signal_fd, because of which the hook was killed; 0: none */
  int interrupted;
  char said[256]; /* the end of its output to stdout and stderr */
} QuiltHookResult;

/* become() is the last call in the hook's process before execve(). It returns, or ends the
 * process. */
typedef struct {
  void (*become) (gconstpointer data);
  gconstpointer data;
} QuiltHookChild;

/* Runs the hook until it ends or its timeout passes. The hook's stdin is the file state_fd, from
 * its beginning. env: the environment if the hook has none. child: NULL if the hook runs with our
 * credentials. signal_fd: a signalfd, or -1; if a signal arrives, the hook is killed. Child-safe.
 * Returns TRUE if the hook exited with 0. */
gboolean quilt_hook_run (const QuiltHook *hook,
                         int state_fd,
                         char *const *env,
                         const QuiltHookChild *child,
                         int signal_fd,
                         QuiltHookResult *ret_result);

/* Words the result of a failed hook, where QUILT_REPORT_HOOK_FAILED is not used. kind is like
 * "createRuntime". */
void quilt_hook_to_error (const QuiltHookResult *result,
                          const char *kind,
                          const char *path,
                          GError **error);
