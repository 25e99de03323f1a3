/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of linux.seccomp. */
#pragma once

#include "spec/seccomp/seccomp.h"

typedef struct {
  const char *name; /* NULL ends the table */
  guint value;
} QuiltSeccompWord;

extern const QuiltSeccompWord quilt_seccomp_actions[];
extern const QuiltSeccompWord quilt_seccomp_operators[];
extern const QuiltSeccompWord quilt_seccomp_flags[];
