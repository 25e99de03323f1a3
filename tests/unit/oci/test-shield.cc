// SPDX-License-Identifier: LGPL-2.1-or-later
// Attacks on our own program through /proc/self/exe once it is shielded: from inside it, as a
// container would.
#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <linux/capability.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "oci/shield.h"
}

namespace
{

const char *const own = "/proc/self/exe";

// The bits of the exit code of a shielded program, by what it found.
enum { Refused = 1, Written = 2, Truncated = 4, OtherMode = 8, InMemory = 16, OtherArgs = 32 };

int
probe (int argc, char **argv)
{
  if (!quilt_oci_shield (argv))
    return Refused;
  int reading = open (own, O_RDONLY | O_CLOEXEC), writing = open (own, O_RDWR | O_CLOEXEC);
  bool in_memory = fcntl (reading, F_GET_SEALS) >= 0;
  int found = in_memory ? InMemory : 0;
  if (writing >= 0 && pwrite (writing, "x", 1, 0) >= 0)
    found |= Written;
  if (truncate (own, 0) == 0 || (writing >= 0 && ftruncate (writing, 0) == 0))
    found |= Truncated;
  /* The mode of a copy affects no other process. */
  if (!in_memory && chmod (own, 0777) == 0)
    found |= OtherMode;
  if (argc != 3 || std::string (argv[2]) != "a b")
    found |= OtherArgs;
  return found;
}

void
drop_capabilities ()
{
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  // A new user namespace would give them back; root's ids would, too.
  if (geteuid () == 0 && setresuid (65534, 65534, 65534) < 0)
    _exit (Refused);
  syscall (SYS_capset, &header, none);
}

int
run_probe (bool privileged)
{
  pid_t pid = fork ();
  if (pid == 0) {
    /* Executes it by descriptor, since other users must not get into the build directory. */
    int self = open (own, O_PATH | O_CLOEXEC);
    const char *const argv[] = {"test-shield", "probe", "a b", nullptr};
    if (!privileged)
      drop_capabilities ();
    syscall (SYS_execveat, self, "", argv, environ, AT_EMPTY_PATH);
    _exit (Refused);
  }
  int status = 0;
  waitpid (pid, &status, 0);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

TEST (Shield, AProgramThatMayMountIsOnAMountThatCanNotBeWrittenTo)
{
  struct stat before, after;
  stat (own, &before);
  int found = run_probe (true);
  stat (own, &after);
  EXPECT_EQ (found & ~InMemory, 0);
  EXPECT_EQ (before.st_mode, after.st_mode);
  EXPECT_EQ (before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
  if (found & InMemory)
    GTEST_SKIP () << "mounts can't be made here";
}

TEST (Shield, AnyOtherIsASealedCopy)
{
  EXPECT_EQ (run_probe (false), InMemory);
}

} // namespace

int
main (int argc, char **argv)
{
  if (argc > 1 && std::string (argv[1]) == "probe")
    return probe (argc, argv);
  testing::InitGoogleTest (&argc, argv);
  return RUN_ALL_TESTS ();
}
