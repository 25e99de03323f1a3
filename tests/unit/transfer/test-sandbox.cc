/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox seen from inside: a process has its directory, and nothing else. */
#include "fixture.h"

extern "C" {
#include "transfer/sandbox.h"
}

#include <cerrno>
#include <csignal>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

class Sandbox : public Layers
{
protected:
  /* Runs what in a sandboxed child. Its result must be below 100. */
  int inside (int (*what) (int dir))
  {
    int status = -1;
    pid_t pid = fork ();

    if (pid == 0) {
      const QuiltSandbox sandbox = {.dir_fd = layers};

      close_range ((unsigned)layers + 1, ~0U, 0);
      if (!quilt_sandbox_enter (&sandbox, nullptr))
        _exit (100);
      _exit (what (layers));
    }
    EXPECT_GT (pid, 0);
    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    return WIFEXITED (status) ? WEXITSTATUS (status) : -WTERMSIG (status);
  }

  static bool has_landlock ()
  {
    return syscall (SYS_landlock_create_ruleset, nullptr, 0, 1 /* version */) >= 2;
  }
};

static int
work_in_directory (int dir)
{
  int failed = 0;

  failed += mkdirat (dir, "a", 0700) < 0;
  failed += mkdirat (dir, "b", 0700) < 0;
  close (openat (dir, "a/f", O_WRONLY | O_CREAT | O_EXCL, 0600));
  failed += symlinkat ("/", dir, "a/l") < 0;
  failed += mkfifoat (dir, "a/p", 0600) < 0;
  failed += linkat (dir, "a/f", dir, "b/f", 0) < 0;
  failed += renameat (dir, "a/l", dir, "b/l") < 0;
  failed += openat (dir, "b/f", O_RDONLY) < 0;
  failed += !quilt_tree_remove (dir, "a", nullptr);
  failed += !quilt_tree_remove (dir, "b", nullptr);
  return failed;
}

TEST_F (Sandbox, LeavesTheDirectory)
{
  EXPECT_EQ (inside (work_in_directory), 0);
}

static int
read_outside (int dir)
{
  return open ("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int
write_outside (int dir)
{
  return openat (dir, "../outside/file", O_WRONLY) >= 0 ? 0 : errno;
}

static int
make_outside (int dir)
{
  return mkdirat (dir, "../outside/new", 0700) == 0 ? 0 : errno;
}

static int
execute (int dir)
{
  execl ("/bin/true", "true", nullptr);
  return errno;
}

TEST_F (Sandbox, ClosesAllOtherFiles)
{
  if (!has_landlock ())
    GTEST_SKIP () << "needs Landlock";
  for (auto what : {read_outside, write_outside, make_outside})
    EXPECT_EQ (inside (what), EACCES);
}

#ifndef __SANITIZE_ADDRESS__
/* Each with its arguments, of which some would be harmless: that the call as such is refused. */
static int
make_socket (int dir)
{
  return socket (AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int
make_process (int dir)
{
  pid_t pid = fork ();

  if (pid == 0)
    _exit (0);
  return pid > 0 ? 0 : errno;
}

static int
signal_another (int dir)
{
  return kill (getppid (), 0) == 0 ? 0 : errno;
}

static int
signal_a_thread_of_another (int dir)
{
  return syscall (SYS_tgkill, 1, 1, 0) == 0 ? 0 : errno;
}

static int
limit_another (int dir)
{
  struct rlimit limit;

  return prlimit (1, RLIMIT_NOFILE, nullptr, &limit) == 0 ? 0 : errno;
}

static int
map_code (int dir)
{
  return mmap (nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                 MAP_FAILED
             ? 0
             : errno;
}

static int
make_code_of_data (int dir)
{
  void *page = mmap (nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (page == MAP_FAILED)
    return 99;
  return mprotect (page, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}

template <long number>
static int
call (int dir)
{
  return syscall (number, 0, 0, 0, 0, 0, 0) >= 0 ? 0 : errno;
}

TEST_F (Sandbox, RefusesWhatUnpackingDoesNotNeed)
{
  int (*const all[]) (int dir) = {
      execute,
      make_socket,
      make_process,
      signal_another,
      signal_a_thread_of_another,
      limit_another,
      map_code,
      make_code_of_data,
      call<SYS_ptrace>,
      call<SYS_unshare>,
      call<SYS_setns>,
      call<SYS_mount>,
      call<SYS_move_mount>,
      call<SYS_open_tree>,
      call<SYS_fsopen>,
      call<SYS_bpf>,
      call<SYS_perf_event_open>,
      call<SYS_io_uring_setup>,
      call<SYS_userfaultfd>,
      call<SYS_keyctl>,
      call<SYS_process_vm_readv>,
      call<SYS_process_vm_writev>,
      call<SYS_pidfd_open>,
      call<SYS_open_by_handle_at>,
      call<SYS_init_module>,
      call<SYS_kexec_load>,
      call<SYS_chroot>,
      call<SYS_setuid>,
      call<SYS_capset>,
      call<SYS_memfd_create>,
      call<SYS_prctl>,
      call<SYS_personality>,
      call<SYS_ioctl>,
      call<SYS_splice>,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    EXPECT_EQ (inside (all[i]), EPERM) << i;
}

static int
make_thread (int dir)
{
  GThread *thread = g_thread_try_new (
      "t", [] (gpointer) -> gpointer { return GINT_TO_POINTER (7); }, nullptr, nullptr);

  return thread && g_thread_join (thread) == GINT_TO_POINTER (7) ? 0 : 1;
}

TEST_F (Sandbox, LeavesThreads)
{
  EXPECT_EQ (inside (make_thread), 0);
}

#ifdef __x86_64__
static int
call_as_x32 (int dir)
{
  syscall (0x40000000 | SYS_getpid);
  return 0;
}

static int
call_as_i386 (int dir)
{
  long result = 20; /* getpid() there */

  asm volatile("int $0x80" : "+a"(result) : : "memory");
  return 0;
}

TEST_F (Sandbox, KillsWhatComesByAnotherDoor)
{
  EXPECT_EQ (inside (call_as_x32), -SIGSYS);
  EXPECT_EQ (inside (call_as_i386), -SIGSYS);
}
#endif
#endif

static int
use_descriptor (int dir)
{
  return fcntl (dir + 1, F_GETFD) >= 0 ? 0 : errno;
}

TEST_F (Sandbox, ClosesWhatItWasNotGiven)
{
  int more = fcntl (layers, F_DUPFD, layers + 1);

  ASSERT_EQ (more, layers + 1);
  EXPECT_EQ (inside (use_descriptor), EBADF);
  close (more);
}

static int
make_device (int dir)
{
  return mknodat (dir, "device", S_IFCHR | 0600, 0x103) == 0 ? 0 : errno;
}

static int
count_networks (int dir)
{
  struct if_nameindex *all = if_nameindex ();
  int n = 0;

  while (all && all[n].if_index)
    n++;
  return n;
}

static int
mount_something (int dir)
{
  return unshare (CLONE_NEWNS) == 0 ? 0 : errno;
}

TEST_F (Sandbox, TakesPrivileges)
{
  if (geteuid () != 0)
    GTEST_SKIP () << "needs root";
  EXPECT_NE (inside (make_device), 0);
  EXPECT_EQ (inside (mount_something), EPERM);
  EXPECT_LE (inside (count_networks), 1); /* loopback */
}
