/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a filter that looks at arguments, as BPF (seccomp(2), linux/filter.h). */
#pragma once

#include "spec/seccomp/seccomp.h"

#include <linux/filter.h>

/* What one rule says of one system call, by its number. */
typedef struct {
  guint32 arch; /* AUDIT_ARCH_… */
  guint32 number;
  const QuiltSeccompArg *args; /* n_args of them, all needed */
  guint n_args;
  guint32 result; /* SECCOMP_RET_… */
} QuiltProgramRule;

/* Appends instructions that return the result of the first rule that holds, and go on behind their
 * end if none does. Rules of one arch stand together, and in it they are sorted by number. */
void quilt_program_append (GArray *instructions, const QuiltProgramRule *rules, guint n_rules);
