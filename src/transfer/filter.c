/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls that are left to a process that parses a stranger's bytes.
 *
 * A list of what unpacking needs, so that what the next kernel brings is refused too. It is short
 * enough to be written as BPF here: libseccomp would take 5 ms to do the same at each import. */
#include "transfer/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
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

typedef enum {
  ALWAYS,
  ON_NOBODY_ELSE, /* the first argument is this process */
  ON_ITSELF,      /* the first argument is 0 */
  FOR_THREADS,    /* the first argument has CLONE_THREAD */
  NOT_TO_EXECUTE, /* the third argument has not PROT_EXEC */
} Condition;

#ifdef NATIVE
static const struct {
  guint32 number;
  Condition condition;
} allowed[] = {
    /* What is open. */
    {SYS_read},
    {SYS_readv},
    {SYS_pread64},
    {SYS_preadv},
    {SYS_write},
    {SYS_writev},
    {SYS_pwrite64},
    {SYS_pwritev},
    {SYS_lseek},
    {SYS_close},
    {SYS_close_range},
    {SYS_dup},
    {SYS_dup3},
    {SYS_fcntl},
    {SYS_flock},
    {SYS_fstat},
    {SYS_fstatfs},
    {SYS_fchmod},
    {SYS_fchown},
    {SYS_ftruncate},
    {SYS_fallocate},
    {SYS_fadvise64},
    {SYS_fsync},
    {SYS_fdatasync},
    {SYS_syncfs},
    {SYS_copy_file_range},
    {SYS_fgetxattr},
    {SYS_fsetxattr},
    {SYS_flistxattr},
    {SYS_fremovexattr},
    {SYS_getdents64},
    {SYS_poll},
    {SYS_ppoll},
    {SYS_eventfd2},
    {SYS_signalfd4},
    {SYS_sendto},
    {SYS_sendmsg},
    {SYS_recvfrom},
    {SYS_recvmsg},
    /* By a name: which ones is Landlock's and the owner's affair. */
    {SYS_openat},
    {SYS_openat2},
    {SYS_newfstatat},
    {SYS_statx},
    {SYS_faccessat},
    {SYS_faccessat2},
    {SYS_readlinkat},
    {SYS_mkdirat},
    {SYS_mknodat},
    {SYS_symlinkat},
    {SYS_linkat},
    {SYS_unlinkat},
#ifdef SYS_renameat
    {SYS_renameat},
#endif
    {SYS_renameat2},
    {SYS_fchmodat},
    {SYS_fchownat},
    {SYS_utimensat},
    {SYS_umask},
    /* Memory, threads, time. */
    {SYS_brk},
    {SYS_mmap, NOT_TO_EXECUTE},
    {SYS_mprotect, NOT_TO_EXECUTE},
    {SYS_mremap},
    {SYS_munmap},
    {SYS_madvise},
    {SYS_clone, FOR_THREADS},
    {SYS_futex},
    {SYS_set_robust_list},
    {SYS_rseq},
    {SYS_sched_yield},
    {SYS_sched_getaffinity},
    {SYS_exit},
    {SYS_exit_group},
    {SYS_getpid},
    {SYS_gettid},
    {SYS_getuid},
    {SYS_geteuid},
    {SYS_getgid},
    {SYS_getegid},
    {SYS_getrandom},
    {SYS_clock_gettime},
    {SYS_clock_nanosleep},
    {SYS_nanosleep},
    {SYS_prlimit64, ON_ITSELF},
    {SYS_tgkill, ON_NOBODY_ELSE},
    {SYS_rt_sigaction},
    {SYS_rt_sigprocmask},
    {SYS_rt_sigreturn},
    {SYS_sigaltstack},
    {SYS_restart_syscall},
};

static void
add (GArray *program, guint16 code, guint32 k, guint8 if_true, guint8 if_false)
{
  const struct sock_filter step = {code, if_true, if_false, k};

  g_array_append_val (program, step);
}

static void
answer (GArray *program, guint32 action)
{
  add (program, BPF_RET | BPF_K, action, 0, 0);
}

static void
load (GArray *program, gsize offset)
{
  add (program, BPF_LD | BPF_W | BPF_ABS, (guint32)offset, 0, 0);
}

/* Of an argument the half that holds what fits into 32 bits. */
static void
load_argument (GArray *program, guint n)
{
  const gsize half = G_BYTE_ORDER == G_LITTLE_ENDIAN ? 0 : sizeof (guint32);

  load (program, offsetof (struct seccomp_data, args) + n * sizeof (guint64) + half);
}

/* Skips the next step unless the argument is as it has to be. */
static void
add_condition (GArray *program, Condition condition)
{
  load_argument (program, condition == NOT_TO_EXECUTE ? 2 : 0);
  if (condition == FOR_THREADS)
    add (program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
  else if (condition == NOT_TO_EXECUTE)
    add (program, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
  else
    add (program, BPF_JMP | BPF_JEQ | BPF_K, condition == ON_ITSELF ? 0 : (guint32)getpid (), 0, 1);
}

static GArray *
build (void)
{
  const guint32 refuse = SECCOMP_RET_ERRNO | EPERM;
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));

  load (program, offsetof (struct seccomp_data, arch));
  add (program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
  answer (program, SECCOMP_RET_KILL_PROCESS);
  load (program, offsetof (struct seccomp_data, nr));
#ifdef __x86_64__
  add (program, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  answer (program, SECCOMP_RET_KILL_PROCESS);
#endif
  /* Its flags are in memory, where a filter can't look: the C library takes clone() then. */
  add (program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
  answer (program, SECCOMP_RET_ERRNO | ENOSYS);
  for (guint i = 0; i < G_N_ELEMENTS (allowed); i++) {
    gboolean always = allowed[i].condition == ALWAYS;

    add (program, BPF_JMP | BPF_JEQ | BPF_K, allowed[i].number, 0, always ? 1 : 4);
    if (!always)
      add_condition (program, allowed[i].condition);
    answer (program, SECCOMP_RET_ALLOW);
    if (!always)
      answer (program, refuse);
  }
  answer (program, refuse);
  return program;
}
#endif

gboolean
quilt_filter_install (void)
{
  /* A sanitizer looks into /proc and traces itself. */
#if defined NATIVE && !defined __SANITIZE_ADDRESS__
  g_autoptr (GArray) program = build ();
  const struct sock_fprog text = {(unsigned short)program->len,
                                  (struct sock_filter *)(void *)program->data};

  return syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &text) == 0;
#else
  return TRUE;
#endif
}
