/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's init, from the clone to the execution of the command. */
#pragma once

#include "core/hook.h"
#include "core/identity.h"
#include "core/join.h"
#include "core/mounts.h"
#include "core/payload.h"
#include "core/report.h"
#include "spec/oci/oci.h"

typedef struct {
  const QuiltSpec *spec;
  const QuiltMountPlan *mounts;
  const QuiltJoins *joins;
  const QuiltPayloadSetup *setup;
  int channel;      /* SOCK_SEQPACKET to the supervisor: reports go, one byte each comes to go on */
  char **env;       /* of the command and its steps */
  char **home;      /* where in it HOME of the user stands who is looked up; NULL: nowhere */
  char *listen_pid; /* where in it LISTEN_PID stands; NULL: nowhere */
  const QuiltIdentity *identity; /* in the init itself: who the next program is run as */
  gboolean is_weak;              /* in the init itself: it has given up its power */
  int joined_root;               /* in the init itself: of a root that it has mounted in another's
                                  * mount namespace; -1: it has not */
  gboolean is_filtered;          /* in the init itself: the command's filter is its own by now */
} QuiltInit;

/* In the cloned child: never returns, never allocates. */
void quilt_init_run (const QuiltInit *parents) G_GNUC_NORETURN;

/* Reports that stage failed and ends the process. */
void quilt_init_fail (const QuiltInit *init,
                      QuiltStage stage,
                      int error,
                      const char *object,
                      const char *detail) G_GNUC_NORETURN;

/* A report without more. Whoever outlives who reads it goes on if that is gone. */
void quilt_init_report (const QuiltInit *init, QuiltReportType type);

/* Until the command is executed: nobody reads our memory or borrows our descriptors, and we end
 * with whoever started us. A change of ids ends both. */
void quilt_init_die_with_parent (void);

/* Runs them in their order, each as child says (see core/hook.h); reports one that fails, and ends
 * the process. */
void quilt_init_run_hooks (const QuiltInit *init,
                           const GPtrArray *hooks,
                           int state_fd,
                           const QuiltHookChild *child,
                           QuiltStage stage);

/* Waits for the supervisor's word to go on; ends the process if it is gone. */
void quilt_init_wait (const QuiltInit *init);

/* Whether processes of the container, or processes that join it, can be in the init's pid namespace
 * before the init is the command, and can use what the init has: with CAP_SYS_PTRACE they can,
 * unless they have a user namespace of their own. The init came from the host's, so that in it they
 * can't trace the init, which is not dumpable. */
gboolean quilt_init_is_exposed (const QuiltInit *init);

/* All that it takes to have no more power than the command; step 0 is the command itself. What is
 * left to do then needs none. */
void quilt_init_give_up_power (QuiltInit *init, guint step);

/* For an exposed init that has setup steps to run before it can become the command's user: it keeps
 * the container's own capabilities and those that it takes to become that user. */
void quilt_init_lower_power (QuiltInit *init);

/* After that: loads the command's filter. Whatever is called from then on is listed in
 * docs/architecture.md, "System call filters". */
void quilt_init_filter_calls (QuiltInit *init);

/* After that: goes on as a child in the pid namespace that is joined, once the caller knows it. */
void quilt_init_be_born (const QuiltInit *init);

/* Becomes the payload: credentials, working directory, signals; then executes argv. step 0 is the
 * command itself. */
void quilt_init_become (const QuiltInit *init, char *const *argv, char *const *env, guint step)
    G_GNUC_NORETURN;

/* Becomes what the command will be, of init, a QuiltInit: for a hook, in its own process. */
void quilt_init_become_hook (gconstpointer init);
