/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on containers, one or many: arguments, authorization, all at once, failures collected. */
#pragma once

#include "daemon/containers/container.h"

typedef enum {
  QUILT_VERB_START,
  QUILT_VERB_STOP,
  QUILT_VERB_RESTART,
  QUILT_VERB_KILL,
  QUILT_VERB_REMOVE,
  QUILT_VERB_WAIT,
} QuiltVerbKind;

/* Each takes over a handler's reference to invocation and answers it; signal is KILL's. */

/* For each of names, in their order; the answer is an array of those that failed. */
void quilt_verb_on_many (QuiltContainers *containers,
                         GDBusMethodInvocation *invocation,
                         QuiltVerbKind kind,
                         const char *const *names,
                         int signal,
                         GVariant *options);
/* For one; a failure is the answer's error. WAIT finds containers that were removed, too. */
void quilt_verb_on_one (QuiltContainers *containers,
                        GDBusMethodInvocation *invocation,
                        QuiltVerbKind kind,
                        const char *name,
                        int signal,
                        GVariant *options);
