/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restricts a process of Quilt to a short list of system calls, by BPF. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_CALL_ALWAYS,
  QUILT_CALL_IF_EQUAL,   /* the argument equals value */
  QUILT_CALL_IF_AMONG,   /* the argument equals value, second, third or fourth */
  QUILT_CALL_IF_ANY,     /* the argument has a bit of value */
  QUILT_CALL_IF_NONE,    /* the argument has no bit of value */
  QUILT_CALL_IF_OUR_PID, /* the argument is the pid of this process */
} QuiltCallCondition;

/* Only the low 32 bits of the argument are compared. */
typedef struct {
  guint32 number; /* SYS_… */
  QuiltCallCondition condition;
  guint32 argument; /* from 0 */
  guint32 value, second, third, fourth;
} QuiltAllowedCall;

#define QUILT_CALLS_MAX 128

/* From now on this process and all processes and threads that it makes can only use the n system
 * calls in calls, at most QUILT_CALLS_MAX. Other calls fail with EPERM, clone3() with ENOSYS, and
 * calls of another architecture kill the process. Sets no_new_privs. Allocates nothing. Returns
 * FALSE with errno set. Does nothing on architectures that this file does not know, and under
 * AddressSanitizer, which makes system calls of its own. See seccomp(2). */
gboolean quilt_calls_restrict (const QuiltAllowedCall *calls, guint n);
