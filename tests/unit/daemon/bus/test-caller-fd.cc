/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which descriptors of a caller are taken, and for what. */
#include "base/check.h"

extern "C" {
#include "base/fd.h"
#include "daemon/bus/caller-fd.h"
}

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int
end_of_pipe (int n)
{
  int fds[2];

  EXPECT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  close (fds[1 - n]);
  return fds[n];
}

static int
make_socket (int domain, int type)
{
  return socket (domain, type | SOCK_CLOEXEC, 0);
}

static int
memory_file (const char *text)
{
  int fd = memfd_create ("archive", MFD_CLOEXEC);

  EXPECT_EQ (write (fd, text, strlen (text)), (ssize_t)strlen (text));
  return fd;
}

static int
named_fifo ()
{
  char directory[] = "/tmp/quilt-test-XXXXXX";
  std::string path = std::string (mkdtemp (directory)) + "/fifo";

  EXPECT_EQ (mkfifo (path.c_str (), 0600), 0);
  int fd = open (path.c_str (), O_RDWR | O_CLOEXEC);
  unlink (path.c_str ());
  rmdir (directory);
  return fd;
}

static int
terminal ()
{
  return posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static bool
is_taken (int fd, QuiltCallerFdUse use)
{
  g_autofd int taken = -1;
  Error error;

  taken = quilt_caller_fd_take (&fd, 1, 0, "stdout", use, error.out ());
  if (taken < 0) {
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "stdout"));
  }
  return taken >= 0;
}

/* Fault 7. */
TEST (CallerFd, OnlyWhatIsSafeToUseWithRootsPowerIsTaken)
{
  const struct {
    const char *what;
    int fd;
    bool is_sink, is_source;
  } cases[] = {
      {"a pipe's writing end", end_of_pipe (1), true, false},
      {"a pipe's reading end", end_of_pipe (0), false, true},
      {"a FIFO with a path", named_fifo (), false, true},
      {"a file", memory_file ("tar"), false, true},
      {"an empty file", memory_file (""), false, false},
      {"a terminal", terminal (), false, false},
      {"/dev/null", open ("/dev/null", O_RDWR | O_CLOEXEC), false, false},
      {"a counter", eventfd (0, EFD_CLOEXEC), false, false},
      {"procfs, to write", open ("/proc/self/timerslack_ns", O_RDWR | O_CLOEXEC), false, false},
      {"procfs, to read", open ("/proc/self/environ", O_RDONLY | O_CLOEXEC), false, false},
      {"sysfs", open ("/sys/kernel/uevent_seqnum", O_RDONLY | O_CLOEXEC), false, false},
      {"a directory", open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), false, false},
      {"a place", open ("/etc/passwd", O_PATH | O_CLOEXEC), false, false},
      {"a stream socket", make_socket (AF_UNIX, SOCK_STREAM), false, true},
      {"a TCP socket", make_socket (AF_INET, SOCK_STREAM), false, true},
      {"a datagram socket", make_socket (AF_UNIX, SOCK_DGRAM), false, false},
      {"a netlink socket", make_socket (AF_NETLINK, SOCK_RAW), false, false},
  };

  for (const auto &c : cases) {
    ASSERT_GE (c.fd, 0) << c.what;
    EXPECT_EQ (is_taken (c.fd, QUILT_CALLER_FD_SINK), c.is_sink) << c.what;
    EXPECT_EQ (is_taken (c.fd, QUILT_CALLER_FD_SOURCE), c.is_source) << c.what;
    close (c.fd);
  }
}

TEST (CallerFd, AHandleWithoutADescriptorIsRefused)
{
  const int fds[] = {-1};

  for (guint n : {0u, 1u})
    for (gint32 handle : {(gint32)n, -1, G_MAXINT32}) {
      Error error;

      EXPECT_EQ (
          quilt_caller_fd_take (fds, n, handle, "source", QUILT_CALLER_FD_SOURCE, error.out ()),
          -1);
      EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "source"));
    }
}
