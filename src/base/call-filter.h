/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls that a process of Quilt's own leaves itself: a short list, as BPF. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_CALL_ALWAYS,
  QUILT_CALL_IF_EQUAL,   /* the argument is value */
  QUILT_CALL_IF_ANY,     /* the argument has a bit of value */
  QUILT_CALL_IF_NONE,    /* the argument has no bit of value */
  QUILT_CALL_IF_OUR_PID, /* the argument is this process */
} QuiltCallCondition;

/* Of the argument the low 32 bits count. */
typedef struct {
  guint32 number; /* SYS_… */
  QuiltCallCondition condition;
  guint32 argument; /* from 0 */
  guint32 value;
} QuiltCall;

#define QUILT_CALLS_MAX 128

/* From now on this process, and each process and thread that it makes, has no system calls but the
 * n of calls, at most QUILT_CALLS_MAX; others fail with EPERM, clone3() with ENOSYS, and those of
 * another architecture kill the process. Sets no_new_privs. Allocates nothing. FALSE with errno.
 * Without effect on an architecture that is not known here, and under AddressSanitizer, which makes
 * system calls of its own. See seccomp(2). */
gboolean quilt_calls_restrict (const QuiltCall *calls, guint n);
