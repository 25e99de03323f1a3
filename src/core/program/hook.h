/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks: programs of the engine that run at a point of the container's life (config.md,
 * "POSIX-platform Hooks"). */
#pragma once

#include "spec/oci/oci.h"

/* What came of one. */
typedef struct {
  int error;  /* errno of what kept it from running; 0: none */
  int status; /* as wait(2) has it */
  gboolean timed_out;
  int interrupted; /* the signal that ended it by way of signal_fd; 0: none */
  char said[256];  /* the end of what it wrote to stderr */
} QuiltHookResult;

/* What the hook's process does last of all before it executes it: it returns or ends it. */
typedef struct {
  void (*become) (gconstpointer data);
  gconstpointer data;
} QuiltHookChild;

/* Runs hook to its end, or its timeout's, with the file state_fd from its beginning as its stdin.
 * env: where the hook has none of its own. child: NULL, it runs as we do. signal_fd: a
 * signalfd, or -1; a signal that it reads kills the hook. Child-safe. TRUE: it ended with 0. */
gboolean quilt_hook_run (const QuiltHook *hook,
                         int state_fd,
                         char *const *env,
                         const QuiltHookChild *child,
                         int signal_fd,
                         QuiltHookResult *ret_result);

/* In words, where it is not said by QUILT_REPORT_HOOK_FAILED; kind as in "createRuntime". */
void quilt_hook_to_error (const QuiltHookResult *result,
                          const char *kind,
                          const char *path,
                          GError **error);
