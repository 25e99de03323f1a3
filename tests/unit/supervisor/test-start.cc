/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole containers: what they see, how they end, and why they can't start. */
#include "harness.h"

extern "C" {
#include "base/error.h"
}

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

class StartTest : public ContainerTest
{
};

static std::string
slurp (const std::string &path)
{
  std::ostringstream text;

  text << std::ifstream (path).rdbuf ();
  return text.str ();
}

static std::string
join (const Strings &strings)
{
  std::string text;

  for (const std::string &string : strings)
    text += string + "\n";
  return text;
}

TEST_F (StartTest, ExitCodesAreTrue)
{
  for (int code : {0, 1, 42, 127, 255}) {
    QuiltMessage message = run (sh ("exit " + std::to_string (code)));

    EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED);
    EXPECT_EQ (message.exit_code, code);
    EXPECT_EQ (message.signal, 0);
    EXPECT_STREQ (message.text, "exited");
    EXPECT_GT (message.time_usec, 0u);
    EXPECT_EQ (seen, (std::vector<guint32>{QUILT_MESSAGE_READY, QUILT_MESSAGE_RUNNING,
                                           QUILT_MESSAGE_EXITED}));
  }
}

TEST_F (StartTest, AShortCommandIsNeverMissed)
{
  for (int i = 0; i < 50; i++) {
    QuiltMessage message = run ({"true"});

    ASSERT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
    ASSERT_EQ (message.exit_code, 0);
    ASSERT_EQ (seen.size (), 3u);
  }
}

TEST_F (StartTest, NothingRunsBeforeGo)
{
  start (sh ("echo ran > /ran"));
  ASSERT_EQ (wait_for (QUILT_MESSAGE_READY).type, QUILT_MESSAGE_READY);
  EXPECT_EQ (fs::exists (cgroup + "/payload"), is_prepared ());
  EXPECT_FALSE (fs::exists (directory + "/upper/ran"));
  send (QUILT_MESSAGE_GO);
  EXPECT_EQ (wait_for_end ().exit_code, 0);
  EXPECT_TRUE (fs::exists (directory + "/upper/ran"));
  finish ();
}

TEST_F (StartTest, ItIsInItsOwnCgroup)
{
  QuiltMessage message;

  start (sh ("cat /proc/self/cgroup; cat; sleep 1000"));
  send (QUILT_MESSAGE_GO);
  message = wait_for (QUILT_MESSAGE_RUNNING);
  EXPECT_EQ (slurp (cgroup + "/payload/cgroup.procs").find (std::to_string (message.pid)), 0u);
  EXPECT_EQ (slurp (cgroup + "/supervisor/cgroup.procs"), std::to_string (supervisor) + "\n");
  ASSERT_TRUE (wait_for_message ("0::/"));
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  finish ();
}

TEST_F (StartTest, TheCommandSeesItsOwnNamespaces)
{
  std::string output;

  run (sh ("hostname; id -u; id -g; id -G; pwd; umask; echo $$; ls /proc | head -n1;"
           "for i in null zero full random urandom tty; do test -c /dev/$i || echo no $i; done;"
           "for i in fd stdin stdout stderr ptmx; do readlink /dev/$i; done;"
           "ls /sys/class/net; cat /sys/class/net/lo/flags; ls /proc/self/fd | wc -l;"
           "cat /proc/keys | wc -c; ls /sys/firmware | wc -l"));
  output = join (journald->messages ("stdout"));
  EXPECT_EQ (output, "web\n0\n0\n0\n/\n0022\n1\n1\n"
                     "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\n"
                     "lo\n0x9\n4\n0\n0\n");
  EXPECT_EQ (journald->messages ("stderr"), Strings ());
}

TEST_F (StartTest, PrivilegesAreThoseAskedForAndNoMore)
{
  std::string status;

  run (sh ("cat /proc/1/status"));
  status = join (journald->messages ("stdout"));
  for (const char *line :
       {"CapInh:\t0000000000000000\n", "CapPrm:\t00000000000000e1\n", "CapEff:\t00000000000000e1\n",
        "CapBnd:\t00000000000000e1\n", "CapAmb:\t0000000000000000\n", "NoNewPrivs:\t1\n",
        "SigBlk:\t0000000000000000\n", "Groups:\t \n"})
    EXPECT_NE (status.find (line), std::string::npos) << line;
}

TEST_F (StartTest, AnotherUserHasNone)
{
  Options options;

  options.uid = 1000;
  run (sh ("id -u; id -G; cat /proc/self/status; echo out > /dev/stdout"), options);
  EXPECT_EQ (journald->messages ()[0], "1000");
  EXPECT_NE (join (journald->messages ()).find ("CapEff:\t0000000000000000\n"), std::string::npos);
  EXPECT_EQ (journald->messages ().back (), "out");
}

TEST_F (StartTest, ProtectsFilesOfTheKernel)
{
  Options options;

  options.readonly = true;
  run (sh ("(echo x > /f) 2>/dev/null || echo root; (echo x > /proc/sys/kernel/hostname) "
           "2>/dev/null "
           "|| echo sysctl; (mknod /dev/sda b 8 0) 2>/dev/null || echo mknod; (mount -t tmpfs x "
           "/etc)"
           " 2>/dev/null || echo mount; (echo > /sys/class/net/lo/mtu) 2>/dev/null || echo sys;"
           "echo + > /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || echo cgroup"),
       options);
  EXPECT_EQ (journald->messages ("stdout"),
             (Strings{"root", "sysctl", "mknod", "mount", "sys", "cgroup"}));
}

TEST_F (StartTest, TheHostSeesNothing)
{
  char before[65], after[65];
  std::string mounts = slurp ("/proc/self/mountinfo");

  gethostname (before, sizeof before);
  start (sh ("sleep 1000"));
  send (QUILT_MESSAGE_GO);
  wait_for (QUILT_MESSAGE_RUNNING);
  gethostname (after, sizeof after);
  EXPECT_STREQ (before, after);
  EXPECT_EQ (slurp ("/proc/self/mountinfo"), mounts);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  finish ();
}

TEST_F (StartTest, ArgumentsAndEnvironmentAreBytes)
{
  Options options;
  std::string bytes = "a b\"$HOME'\\\t\xff\xc3( *";

  options.env = {"PATH=/bin", "ODD=" + bytes};
  run ({"/bin/sh", "-c", "printf '%s\\n' \"$1\" \"$ODD\"", "sh", bytes}, options);
  EXPECT_EQ (journald->messages (), (Strings{bytes, bytes}));
}

TEST_F (StartTest, TheWorkingDirectoryHasToBeThere)
{
  Options options;
  QuiltMessage message;

  options.cwd = "/etc";
  run (sh ("pwd"), options);
  EXPECT_EQ (journald->messages (), Strings{"/etc"});
  options.cwd = "/nowhere";
  message = run (sh ("pwd"), options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (message.code, QUILT_ERROR_INVALID_ARGUMENT);
  EXPECT_NE (std::string (message.text).find ("'/nowhere'"), std::string::npos) << message.text;
  EXPECT_FALSE (fs::exists (directory + "/upper/nowhere"));
}

static void
write_program (const std::string &path, const std::string &text, mode_t mode = 0755)
{
  std::ofstream (path) << text;
  chmod (path.c_str (), mode);
}

/* An ELF header of a machine that is not ours, in our byte order. */
static std::string
foreign_elf ()
{
  std::string header ("\x7f"
                      "ELF\x02\x01\x01",
                      7);

  header.resize (64, '\0');
  header[16] = 2;
  header[18] = (char)0xf3; /* EM_RISCV */
  header[52] = 64;
  return header;
}

TEST_F (StartTest, WhyACommandCannotStart)
{
  const struct {
    const char *command;
    int code;
    const char *says;
  } cases[] = {
      {"missing", QUILT_ERROR_COMMAND_NOT_FOUND, "'missing'"},
      {"/bin/missing", QUILT_ERROR_COMMAND_NOT_FOUND, "'/bin/missing'"},
      {"/etc", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "is a directory"},
      {"/bin/plain", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "is not executable"},
      {"plain", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "'/bin/plain'"},
      {"/bin/dangling", QUILT_ERROR_COMMAND_NOT_FOUND, "'/nix/store/gone/bin/tool'"},
      {"/bin/chain", QUILT_ERROR_COMMAND_NOT_FOUND, "'/nix/store/gone/bin/tool'"},
      {"/usr/local/tool", QUILT_ERROR_COMMAND_NOT_FOUND, "'/elsewhere/local'"},
      {"/bin/script", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "'/usr/bin/ruby'"},
      {"script", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "'/usr/bin/ruby'"},
      {"/bin/text", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "neither an ELF program nor a script"},
      {"/bin/empty", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "neither an ELF program nor a script"},
      {"/bin/foreign", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "RISC-V"},
      {"/bin/dynamic", QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "ld-linux"},
  };

  write_program (root + "/bin/plain", "#!/bin/sh\n", 0644);
  write_program (root + "/bin/script", "#!/usr/bin/ruby -w\n");
  write_program (root + "/bin/text", "echo hello\n");
  write_program (root + "/bin/empty", "");
  write_program (root + "/bin/foreign", foreign_elf ());
  fs::copy_file ("/proc/self/exe", root + "/bin/dynamic");
  fs::create_symlink ("/nix/store/gone/bin/tool", root + "/bin/dangling");
  fs::create_symlink ("dangling", root + "/bin/chain");
  fs::create_directory (root + "/usr");
  fs::create_symlink ("/elsewhere/local", root + "/usr/local");
  for (const auto &c : cases) {
    QuiltMessage message = run ({c.command});

    EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED) << c.command;
    EXPECT_EQ (message.code, c.code) << c.command << ": " << message.text;
    EXPECT_EQ (message.exit_code, c.code == QUILT_ERROR_COMMAND_NOT_FOUND ? 127 : 126);
    EXPECT_NE (std::string (message.text).find (c.says), std::string::npos) << message.text;
  }
}

TEST_F (StartTest, AMissingLibraryIsNamedBeforeTheStart)
{
  QuiltMessage message;

  /* The loader is there, and nothing else that the program needs. */
  fs::create_directories (root + "/lib64");
  fs::copy_file ("/lib64/ld-linux-x86-64.so.2", root + "/lib64/ld-linux-x86-64.so.2");
  fs::copy_file ("/bin/true", root + "/bin/dynamic");
  message = run ({"/bin/dynamic"});
  EXPECT_EQ (message.code, QUILT_ERROR_COMMAND_NOT_EXECUTABLE);
  EXPECT_NE (std::string (message.text).find ("'libc.so.6'"), std::string::npos) << message.text;
  EXPECT_EQ (journald->messages (), Strings ());

  /* With it, it runs: from a directory of the loader's own, or one that only its cache names. */
  fs::create_directories (root + "/usr/lib/x86_64-linux-gnu");
  fs::copy_file ("/lib/x86_64-linux-gnu/libc.so.6", root + "/usr/lib/x86_64-linux-gnu/libc.so.6");
  message = run ({"/bin/dynamic"});
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
  EXPECT_EQ (message.exit_code, 0);
}

TEST_F (StartTest, ADoubtOnlyWarns)
{
  Options options;
  QuiltMessage message;

  fs::create_directories (root + "/lib64");
  fs::copy_file ("/lib64/ld-linux-x86-64.so.2", root + "/lib64/ld-linux-x86-64.so.2");
  fs::copy_file ("/bin/true", root + "/bin/dynamic");
  options.env = {"PATH=/bin", "LD_PRELOAD=/opt/magic.so"};
  message = run ({"dynamic"}, options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED); /* what its loader makes of it */
  EXPECT_EQ (message.exit_code, 127);
  /* The loader's own message takes another way, and may arrive earlier. */
  auto warning = std::find_if (journald->entries.begin (), journald->entries.end (), [] (auto &e) {
    return e.at ("MESSAGE").find ("'libc.so.6'") != std::string::npos;
  });
  ASSERT_NE (warning, journald->entries.end ());
  EXPECT_EQ (warning->at ("PRIORITY"), "4");
}

TEST_F (StartTest, ABrokenConfigurationIsReported)
{
  Options options;
  QuiltMessage message;

  options.mounts = ",{\"destination\":\"/x\",\"type\":\"nosuchfs\",\"source\":\"x\"}";
  start ({"true"}, options);
  message = wait_for_end ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_STREQ (message.text, "Failed to mount nosuchfs on '/x': No such device");
  drop_connection ();
  EXPECT_EQ (wait_for_exit (), 0);

  options.mounts =
      ",{\"destination\":\"/x\",\"type\":\"tmpfs\",\"source\":\"x\",\"options\":[\"sizzle=1\"]}";
  start ({"true"}, options);
  message = wait_for_end ();
  EXPECT_NE (std::string (message.text).find ("sizzle"), std::string::npos) << message.text;
  drop_connection ();
  EXPECT_EQ (wait_for_exit (), 0);

  options.mounts = ",{";
  start ({"true"}, options);
  EXPECT_EQ (wait_for_end ().type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (WEXITSTATUS (wait_for_exit ()), 1);
}
