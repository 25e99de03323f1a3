/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of seccomp share: its words, and an empty one. */
#pragma once

#include "spec/seccomp.h"

typedef struct {
  const char *name; /* NULL ends the table */
  guint value;
} QuiltSeccompWord;

extern const QuiltSeccompWord quilt_seccomp_actions[];
extern const QuiltSeccompWord quilt_seccomp_operators[];
extern const QuiltSeccompWord quilt_seccomp_flags[];

/* EPERM, as everywhere: what ERRNO says when nothing else is given. */
#define QUILT_SECCOMP_ERRNO_DEFAULT 1

QuiltSeccomp *quilt_seccomp_new (void);
/* Owned by seccomp. */
QuiltSeccompRule *quilt_seccomp_add_rule (QuiltSeccomp *seccomp);

gboolean quilt_seccomp_action_has_errno (QuiltSeccompAction action);

/* The index of the architecture with this name or alias; -1 if there is none. */
int quilt_seccomp_arch_find (const char *name);
