/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on one or many containers: reads arguments, authorizes, acts on all at once, collects
 * failures. */
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

/* Each takes over a handler's reference to call and answers it. signal is for KILL. */

/* Acts on each of names, in order. The answer is an array of the names that failed. */
void quilt_verb_on_many (QuiltContainers *containers,
                         QuiltCall *call,
                         QuiltVerbKind kind,
                         const char *const *names,
                         int signal,
                         GVariant *options);
/* Acts on one container. A failure is the answer's error. WAIT also finds containers that were
 * removed. */
void quilt_verb_on_one (QuiltContainers *containers,
                        QuiltCall *call,
                        QuiltVerbKind kind,
                        const char *name,
                        int signal,
                        GVariant *options);
