/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filter of a process that parses untrusted bytes. */
#include "transfer/filter.h"

#include "base/call-filter.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const QuiltAllowedCall allowed[] = {
    /* Descriptors. */
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
    {SYS_sync_file_range},
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
    /* By name: Landlock and file permissions decide which files. */
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
    {SYS_mmap, QUILT_CALL_IF_NONE, 2, PROT_EXEC},
    {SYS_mprotect, QUILT_CALL_IF_NONE, 2, PROT_EXEC},
    {SYS_mremap},
    {SYS_munmap},
    {SYS_madvise},
    {SYS_clone, QUILT_CALL_IF_ANY, 0, CLONE_THREAD},
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
    {SYS_prlimit64, QUILT_CALL_IF_EQUAL, 0, 0},
    {SYS_tgkill, QUILT_CALL_IF_OUR_PID, 0, 0},
    {SYS_rt_sigaction},
    {SYS_rt_sigprocmask},
    {SYS_rt_sigreturn},
    {SYS_sigaltstack},
    {SYS_restart_syscall},
};

gboolean
quilt_filter_install (void)
{
  return quilt_calls_restrict (allowed, G_N_ELEMENTS (allowed));
}
