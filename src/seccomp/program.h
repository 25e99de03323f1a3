/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiles the part of a filter that checks arguments to BPF (seccomp(2), linux/filter.h). */
#pragma once

#include "spec/seccomp/seccomp.h"

#include <linux/filter.h>

/* A rule for one system call, by number. */
typedef struct {
  guint32 arch; /* AUDIT_ARCH_… */
  guint32 number;
  const QuiltSeccompArg *args; /* n_args conditions, which must all hold */
  guint n_args;
  guint32 result; /* SECCOMP_RET_… */
} QuiltProgramRule;

/* Appends instructions that return the result of the first matching rule, and continue behind their
 * end if no rule matches. Rules must be grouped by architecture, and sorted by number within
 * each. */
void quilt_program_append (GArray *instructions, const QuiltProgramRule *rules, guint n_rules);
