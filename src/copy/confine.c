/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Confines quilt-copy to what a copy needs. */
#include "base/call-filter.h"
#include "base/error.h"
#include "copy/enter.h"
#include "core/identity/credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define MEMORY_MAX ((rlim_t)1024 * 1024 * 1024)
#define FILES_MAX 1024

#define BIT(capability) (G_GUINT64_CONSTANT (1) << (capability))
/* The power of root over files. */
#define KEPT                                                                                       \
  (BIT (CAP_CHOWN) | BIT (CAP_DAC_OVERRIDE) | BIT (CAP_FOWNER) | BIT (CAP_FSETID) |                \
   BIT (CAP_SETFCAP))

/* quilt-copy executes no program, makes no process, enters no namespace, makes no mount, socket or
 * device node. */
static const QuiltAllowedCall calls[] = {
    {SYS_read},
    {SYS_pread64},
    {SYS_write},
    {SYS_pwrite64},
    {SYS_lseek},
    {SYS_close},
    {SYS_fcntl},
    {SYS_fstat},
    {SYS_fstatfs},
    {SYS_fchmod},
    {SYS_fchown},
    {SYS_ftruncate},
    {SYS_fgetxattr},
    {SYS_fsetxattr},
    {SYS_flistxattr},
    {SYS_getdents64},
#ifdef SYS_poll
    {SYS_poll},
#endif
    {SYS_ppoll},
    {SYS_sendto},
    {SYS_sendmsg},
    {SYS_openat},
    {SYS_openat2},
    {SYS_newfstatat},
    {SYS_statx},
    {SYS_readlinkat},
    {SYS_mkdirat},
    {SYS_mknodat, QUILT_CALL_IF_NONE, 2, S_IFMT & ~S_IFIFO},
    {SYS_symlinkat},
    {SYS_linkat},
    {SYS_unlinkat},
#ifdef SYS_renameat
    {SYS_renameat},
#endif
    {SYS_renameat2},
    {SYS_fchownat},
    {SYS_utimensat},
    {SYS_umask},
    /* The init of a container that was built for the copy. */
    {SYS_pidfd_send_signal},
    {SYS_waitid},
    /* Memory, time, and exiting. */
    {SYS_brk},
    {SYS_mmap, QUILT_CALL_IF_NONE, 2, PROT_EXEC},
    {SYS_mprotect, QUILT_CALL_IF_NONE, 2, PROT_EXEC},
    {SYS_mremap},
    {SYS_munmap},
    {SYS_madvise},
    {SYS_futex},
    {SYS_sched_yield},
    {SYS_getrandom},
    {SYS_clock_gettime},
    {SYS_clock_nanosleep},
    {SYS_gettimeofday},
    {SYS_getpid},
    {SYS_gettid},
    {SYS_getuid},
    {SYS_geteuid},
    {SYS_getgid},
    {SYS_getegid},
    {SYS_rt_sigaction},
    {SYS_rt_sigprocmask},
    {SYS_rt_sigreturn},
    {SYS_tgkill, QUILT_CALL_IF_OUR_PID, 0, 0},
    {SYS_restart_syscall},
    {SYS_exit},
    {SYS_exit_group},
};

/* Raising a hard limit would need a privilege. */
static gboolean
limit (__rlimit_resource_t resource, rlim_t max)
{
  struct rlimit current, wanted;

  if (getrlimit (resource, &current) < 0)
    return FALSE;
  wanted = (struct rlimit){MIN (current.rlim_cur, max), MIN (current.rlim_max, max)};
  return setrlimit (resource, &wanted) == 0;
}

gboolean
quilt_copy_confine (GError **error)
{
  int r = quilt_credentials_keep_for_good (KEPT);

  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to drop capabilities");
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is terabytes of address space */
  if (!limit (RLIMIT_AS, MEMORY_MAX))
    return quilt_set_error_errno (error, errno, "Failed to limit memory");
#endif
  return (limit (RLIMIT_NOFILE, FILES_MAX) && limit (RLIMIT_CORE, 0) &&
          quilt_calls_restrict (calls, G_N_ELEMENTS (calls))) ||
         quilt_set_error_errno (error, errno, "Failed to filter system calls");
}
