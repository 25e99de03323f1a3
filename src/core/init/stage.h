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
  /* SOCK_SEQPACKET to the supervisor: the init sends reports, and gets one byte as each answer */
  int channel;
  char **env; /* environment of the command and its setup steps */
  /* the entries of env for the variables of the user, who is looked up later */
  QuiltUserEnv user_env;
  char *listen_pid;              /* the entry of env for LISTEN_PID; NULL: not needed */
  const QuiltIdentity *identity; /* set in the init: the identity of the next program */
  gboolean is_weak;              /* set in the init: it has given up its power */
  /* set in the init: the root that it has mounted in an existing mount namespace; -1: none */
  int joined_root;
  gboolean is_filtered; /* set in the init: the command's filter is loaded */
} QuiltInit;

/* Unmounts a root that the init has mounted in an existing mount namespace, where it would
 * otherwise stay. */
void quilt_init_unmount_root (const QuiltInit *init);

/* Reports that stage failed, and ends the process. */
void quilt_init_fail (const QuiltInit *init,
                      QuiltStage stage,
                      int error,
                      const char *object,
                      const char *detail) G_GNUC_NORETURN;

/* Sends a report without payload. If the reader is gone, an init that outlives its caller
 * continues. */
void quilt_init_report (const QuiltInit *init, QuiltReportType type);

/* Until the command is executed, no other process may read our memory or use our descriptors, and
 * we are killed when our parent ends. A change of ids resets both settings. */
void quilt_init_die_with_parent (void);

/* Runs the hooks in order, each as child says (see core/program/hook.h). If a hook fails, reports
 * it and ends the process. */
void quilt_init_run_hooks (const QuiltInit *init,
                           const GPtrArray *hooks,
                           int state_fd,
                           const QuiltHookChild *child,
                           QuiltStage stage);

/* Waits for the supervisor's answer. If the supervisor is gone, ends the process. */
void quilt_init_wait (const QuiltInit *init);

/* Whether processes of the container, or processes that join it, can be in the init's pid namespace
 * before the command is executed, and can use what the init has. With CAP_SYS_PTRACE they can,
 * unless they have their own user namespace: the init comes from the host's user namespace and is
 * not dumpable, so they can't trace it. */
gboolean quilt_init_is_exposed (const QuiltInit *init);
