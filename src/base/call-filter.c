/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restricts a process of Quilt to a short list of system calls, by BPF. System calls of later
 * kernels are refused too. The list is short enough to write the BPF here: libseccomp would take 5
 * ms in each process for the same filter. Since Linux 5.11 the kernel caches calls that are always
 * allowed, and does not run the program for them. */
#include "base/call-filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__ && defined __LP64__
#define NATIVE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define NATIVE AUDIT_ARCH_PPC64LE
#endif

#define X32_BIT 0x40000000
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* Calls per block, and the number of BPF steps: around the list, around each block, and for each
 * call. */
#define BLOCK 8
#define FRAME_MAX 16
#define BLOCK_MAX 2
#define CALL_MAX 8

#ifdef NATIVE
typedef struct {
  struct sock_filter steps[FRAME_MAX + (BLOCK_MAX + CALL_MAX * BLOCK) * QUILT_CALLS_MAX / BLOCK];
  guint n;
} Program;

static void
add (Program *program, guint16 code, guint32 k, guint8 if_true, guint8 if_false)
{
  program->steps[program->n++] = (struct sock_filter){code, if_true, if_false, k};
}

static void
answer (Program *program, guint32 action)
{
  add (program, BPF_RET | BPF_K, action, 0, 0);
}

static void
load (Program *program, gsize offset)
{
  add (program, BPF_LD | BPF_W | BPF_ABS, (guint32)offset, 0, 0);
}

/* Loads the low 32 bits of an argument. */
static void
load_argument (Program *program, guint n)
{
  const gsize half = G_BYTE_ORDER == G_LITTLE_ENDIAN ? 0 : sizeof (guint32);

  load (program, offsetof (struct seccomp_data, args) + n * sizeof (guint64) + half);
}

/* Skips the next step unless the argument meets the condition. */
static void
add_condition (Program *program, const QuiltAllowedCall *call)
{
  load_argument (program, call->argument);
  if (call->condition == QUILT_CALL_IF_ANY)
    add (program, BPF_JMP | BPF_JSET | BPF_K, call->value, 0, 1);
  else if (call->condition == QUILT_CALL_IF_NONE)
    add (program, BPF_JMP | BPF_JSET | BPF_K, call->value, 1, 0);
  else if (call->condition == QUILT_CALL_IF_AMONG) {
    add (program, BPF_JMP | BPF_JEQ | BPF_K, call->value, 3, 0);
    add (program, BPF_JMP | BPF_JEQ | BPF_K, call->second, 2, 0);
    add (program, BPF_JMP | BPF_JEQ | BPF_K, call->third, 1, 0);
    add (program, BPF_JMP | BPF_JEQ | BPF_K, call->fourth, 0, 1);
  } else if (call->condition == QUILT_CALL_IF_OUR_PID)
    add (program, BPF_JMP | BPF_JEQ | BPF_K, (guint32)getpid (), 0, 1);
  else
    add (program, BPF_JMP | BPF_JEQ | BPF_K, call->value, 0, 1);
}

static void
add_call (Program *program, const QuiltAllowedCall *call)
{
  gboolean always = call->condition == QUILT_CALL_ALWAYS;
  guint8 steps = always ? 1 : call->condition == QUILT_CALL_IF_AMONG ? 7 : 4;

  add (program, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, steps);
  if (!always)
    add_condition (program, call);
  answer (program, SECCOMP_RET_ALLOW);
  if (!always)
    answer (program, REFUSE);
}

/* The calls are sorted by number; higher numbers skip the block. */
static void
add_block (Program *program, const QuiltAllowedCall *const *calls, guint n)
{
  guint begin = program->n;

  add (program, BPF_JMP | BPF_JGT | BPF_K, calls[n - 1]->number, 0, 0);
  for (guint i = 0; i < n; i++)
    add_call (program, calls[i]);
  answer (program, REFUSE);
  program->steps[begin].jt = (guint8)(program->n - begin - 1);
}

static void
sort (const QuiltAllowedCall *calls, guint n, const QuiltAllowedCall **ret_sorted)
{
  for (guint i = 0; i < n; i++) {
    guint at = i;

    for (; at > 0 && ret_sorted[at - 1]->number > calls[i].number; at--)
      ret_sorted[at] = ret_sorted[at - 1];
    ret_sorted[at] = &calls[i];
  }
}

/* The list is divided into blocks, since the kernel runs the program for every system call number
 * when it is loaded. */
static void
build (Program *program, const QuiltAllowedCall *calls, guint n)
{
  const QuiltAllowedCall *sorted[QUILT_CALLS_MAX];

  program->n = 0;
  sort (calls, n, sorted);
  load (program, offsetof (struct seccomp_data, arch));
  add (program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
  answer (program, SECCOMP_RET_KILL_PROCESS);
  load (program, offsetof (struct seccomp_data, nr));
#ifdef __x86_64__
  add (program, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  answer (program, SECCOMP_RET_KILL_PROCESS);
#endif
  /* A filter can't read the flags of clone3(), which are in memory. After ENOSYS, the C library
   * uses clone() instead. */
  add (program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
  answer (program, SECCOMP_RET_ERRNO | ENOSYS);
  for (guint i = 0; i < n; i += BLOCK)
    add_block (program, sorted + i, MIN (n - i, BLOCK));
  answer (program, REFUSE);
}
#endif

gboolean
quilt_calls_restrict (const QuiltAllowedCall *calls, guint n)
{
  g_return_val_if_fail (n <= QUILT_CALLS_MAX, FALSE);
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return FALSE;
#if defined NATIVE && !defined __SANITIZE_ADDRESS__
  Program program;
  struct sock_fprog text = {.filter = program.steps};

  build (&program, calls, n);
  text.len = (unsigned short)program.n;
  return syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &text) == 0;
#else
  return TRUE;
#endif
}
