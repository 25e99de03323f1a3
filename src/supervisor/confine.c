/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities and system calls that a supervisor keeps while its container runs. */
#include "supervisor/confine.h"

#include "base/call-filter.h"
#include "base/error.h"
#include "core/identity/credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The supervisor moves bytes, answers quiltd, sends signals and writes its own files. It executes
 * no program, makes no process, enters no namespace, and needs no network. */
static const QuiltAllowedCall calls[] = {
    /* Descriptors. */
    {SYS_read},
    {SYS_readv},
    {SYS_pread64},
    {SYS_write},
    {SYS_writev},
    {SYS_pwrite64},
    {SYS_lseek},
    {SYS_close},
    {SYS_close_range},
    {SYS_dup3},
    {SYS_fcntl},
    {SYS_ioctl, QUILT_CALL_IF_AMONG, 1, SIOCOUTQ, TIOCSWINSZ, TCFLSH, TIOCPKT},
    {SYS_fstat},
    {SYS_fstatfs},
    {SYS_ftruncate},
    {SYS_fsync},
    {SYS_fdatasync},
    {SYS_getdents64},
    {SYS_memfd_create},
    {SYS_pipe2},
#ifdef SYS_poll
    {SYS_poll},
#endif
    {SYS_ppoll},
    /* Sockets to quiltd and journald. */
    {SYS_socket, QUILT_CALL_IF_EQUAL, 0, AF_UNIX},
    {SYS_connect},
    {SYS_accept4},
    {SYS_getsockopt},
    {SYS_setsockopt},
    {SYS_sendto},
    {SYS_sendmsg},
    {SYS_sendmmsg},
    {SYS_recvfrom},
    {SYS_recvmsg},
    {SYS_shutdown},
    /* The container's exit, cgroup and record. */
    {SYS_waitid},
    {SYS_wait4},
    {SYS_pidfd_send_signal},
    {SYS_openat},
    {SYS_openat2},
    {SYS_newfstatat},
    {SYS_statx},
    {SYS_readlinkat},
    {SYS_mkdirat},
    {SYS_linkat},
    {SYS_unlinkat},
#ifdef SYS_renameat
    {SYS_renameat},
#endif
#ifdef SYS_rename
    {SYS_rename},
#endif
    {SYS_renameat2},
    {SYS_umask},
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

gboolean
quilt_supervisor_confine (GError **error)
{
  int r = quilt_credentials_keep (G_GUINT64_CONSTANT (1) << CAP_KILL);

  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to drop the supervisor's capabilities");
  return quilt_calls_restrict (calls, G_N_ELEMENTS (calls)) ||
         quilt_set_error_errno (error, errno, "Failed to filter the supervisor's system calls");
}
