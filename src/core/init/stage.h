/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the stages of the container's init: its state, its reports, its hooks. */
#pragma once

#include "core/identity/identity.h"
#include "core/init/setup.h"
#include "core/mounts/plan.h"
#include "core/namespaces/join.h"
#include "core/program/hook.h"
#include "core/program/report.h"
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

/* Of a root that the init has mounted in another's mount namespace, where it would stay. */
void quilt_init_unmount_root (const QuiltInit *init);

/* Reports that stage failed and ends the process. */
void quilt_init_fail (const QuiltInit *init,
                      QuiltStage stage,
                      int error,
                      const char *object,
                      const char *detail) G_GNUC_NORETURN;

/* Sends a report without payload. If the reader is gone, an init that outlives its caller
 * continues. */
void quilt_init_report (const QuiltInit *init, QuiltReportType type);

/* Until the command is executed, no other process may read our memory or use our descriptors, and
 * we die with our starter. A change of ids resets both. */
void quilt_init_die_with_parent (void);

/* Runs the hooks in order, each as child says (see core/program/hook.h). If one fails, reports it
 * and ends the process. */
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
