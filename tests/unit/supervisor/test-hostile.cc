/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images and commands that were made to get out. */
#include "harness.h"

extern "C" {
#include "base/error.h"
}

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace fs = std::filesystem;

class HostileTest : public ContainerTest
{
protected:
  void SetUp () override
  {
    ContainerTest::SetUp ();
    if (IsSkipped ())
      return;
    outside = directory + "/outside";
    fs::create_directory (outside);
    std::ofstream (outside + "/canary") << "alive";
    chmod ((outside + "/canary").c_str (), 0640);
  }

  void TearDown () override
  {
    if (!outside.empty ()) {
      std::ostringstream text;
      struct stat st;
      int n = 0;

      text << std::ifstream (outside + "/canary").rdbuf ();
      EXPECT_EQ (text.str (), "alive");
      EXPECT_EQ (stat ((outside + "/canary").c_str (), &st), 0);
      EXPECT_EQ (st.st_mode & 07777, 0640u);
      for (const auto &entry : fs::directory_iterator (outside))
        n += entry.exists () ? 1 : 0;
      EXPECT_EQ (n, 1);
    }
    ContainerTest::TearDown ();
  }

  /* The image has a link in the place of name. */
  void plant (const std::string &name, const std::string &target)
  {
    fs::remove_all (root + name);
    fs::create_directories (fs::path (root + name).parent_path ());
    fs::create_symlink (target, root + name);
  }

  std::string outside;
};

TEST_F (HostileTest, ALinkInThePlaceOfAMountPointIsRefused)
{
  const struct {
    const char *name, *target;
  } cases[] = {{"/proc", "/etc"},      {"/proc", "."},      {"/proc", "/"},
               {"/sys", "/proc"},      {"/dev", "/etc"},    {"/dev", "/nowhere"},
               {"/proc", "../../etc"}, {"/sys", "/nowhere"}};

  for (const auto &c : cases) {
    QuiltMessage message;

    for (const char *part : {"/upper", "/work"}) { /* no image's link is hidden by an earlier run */
      fs::remove_all (directory + part);
      fs::create_directory (directory + part);
    }
    plant (c.name, c.target);
    start ({"true"});
    send (QUILT_MESSAGE_GO);
    message = wait_for_end ();
    EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED) << c.name << " -> " << c.target;
    EXPECT_NE (std::string (message.text).find ("has a link there"), std::string::npos)
        << message.text;
    finish ();
    fs::remove (root + c.name);
  }
}

TEST_F (HostileTest, OtherLinksLeadNoFurtherThanTheRoot)
{
  Options options;
  QuiltMessage message;

  options.mounts = ",{\"destination\":\"/data/in\",\"type\":\"tmpfs\",\"source\":\"x\"}";
  for (const std::string &target :
       {outside, std::string ("../../../../../..") + outside, std::string ("/") + outside}) {
    plant ("/data", target);
    /* Made where the link leads inside the root, and nothing outside. */
    message =
        run (sh (("echo x > /data/in/file && cat " + outside + "/in/file").c_str ()), options);
    EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
    EXPECT_EQ (message.exit_code, 0);
    EXPECT_FALSE (fs::exists (outside + "/in"));
  }
}

TEST_F (HostileTest, NothingIsMountedOverTheRoot)
{
  Options options;
  QuiltMessage message;

  plant ("/data", "/");
  options.mounts = ",{\"destination\":\"/data\",\"type\":\"tmpfs\",\"source\":\"x\"}";
  message = run ({"true"}, options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_NE (std::string (message.text).find ("'/data'"), std::string::npos) << message.text;
}

TEST_F (HostileTest, ABindStaysWhereItWasPut)
{
  Options options;
  QuiltMessage message;

  /* A file of the host, onto a name that leads out; and a directory onto a file. */
  plant ("/data", outside + "/canary");
  options.mounts = ",{\"destination\":\"/data\",\"source\":\"/dev/null\",\"options\":[\"bind\"]}";
  message = run (sh ("test -c /data"), options);
  EXPECT_EQ (message.exit_code, 0);
  EXPECT_EQ (fs::file_size (outside + "/canary"), strlen ("alive")); /* as at the end */

  fs::remove (root + "/data");
  std::ofstream (root + "/data") << "file";
  options.mounts = ",{\"destination\":\"/data\",\"source\":\"" + outside +
                   "\",\"options\":[\"rbind\",\"ro\"" +
                   (getenv ("QUILT_TEST_USERNS") ? ",\"ridmap\"]}" : "]}");
  message = run ({"true"}, options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);

  fs::remove (root + "/data");
  message =
      run (sh ("cat /data/canary; (echo dead > /data/canary) 2>/dev/null || echo ro"), options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
  EXPECT_EQ (journald->messages (), Strings{"alivero"});
}

/* CVE-2021-30465: who shares a volume swaps the directory that something is mounted in with a link
 * that leads out, while containers are started. */
TEST_F (HostileTest, ASharedVolumeWhoseDirectoriesAreSwapped)
{
  const std::string volume = directory + "/volume", place = volume + "/place",
                    lure = volume + "/lure";
  std::atomic<bool> stop{false};
  std::atomic<unsigned> swaps{0};
  unsigned mounted = 0, elsewhere = 0;
  Options options;

  fs::create_directories (place);
  fs::create_symlink (outside, lure);
  options.mounts = ",{\"destination\":\"/data\",\"source\":\"" + volume +
                   "\",\"options\":[\"rbind\"" +
                   (getenv ("QUILT_TEST_USERNS") ? ",\"ridmap\"]}" : "]}") +
                   ",{\"destination\":\"/data/place/in\",\"type\":\"tmpfs\",\"source\":\"x\"}";
  std::thread attacker ([&] {
    while (!stop) {
      renameat2 (AT_FDCWD, place.c_str (), AT_FDCWD, lure.c_str (), RENAME_EXCHANGE);
      swaps++;
    }
  });
  for (int round = 0; round < 200; round++) {
    const std::string look = "grep -q ' /data/place/in \\| /data/lure/in ' /proc/self/mountinfo || "
                             "{ grep -q ' " +
                             outside + "/in ' /proc/self/mountinfo && exit 3; }";
    QuiltMessage message = run (sh (look.c_str ()), options);

    /* Refused, or made in the container's own root, where the link leads. */
    if (message.type == QUILT_MESSAGE_EXITED && message.exit_code == 0)
      mounted++;
    else
      elsewhere++;
    EXPECT_TRUE (message.type == QUILT_MESSAGE_FAILED || message.exit_code == 0 ||
                 message.exit_code == 3)
        << message.exit_code;
    EXPECT_FALSE (fs::exists (outside + "/in"));
    /* So that it has to be made again: it is in the volume, whatever the directory is called now.
     */
    for (const auto &name : {place, lure})
      rmdir ((name + "/in").c_str ());
  }
  stop = true;
  attacker.join ();
  EXPECT_GT (swaps, 10000u);
  EXPECT_GT (mounted, 0u);
  EXPECT_GT (elsewhere, 0u);
}

TEST_F (HostileTest, AMaskIsOurDevNull)
{
  Options options;
  std::string victim = root + "/etc/secret";

  /* CVE-2025-31133: the image's /dev/null leads to what would then be bound instead. */
  fs::create_directories (root + "/dev");
  fs::create_symlink ("/etc/secret", root + "/dev/null");
  std::ofstream (victim) << "secret\n";
  options.masked = "\"/etc/secret\",\"/proc/keys\"";
  EXPECT_EQ (
      run (sh ("cat /etc/secret; echo x > /proc/keys; cat /proc/keys; test -c /proc/keys"), options)
          .exit_code,
      0);
  EXPECT_EQ (journald->messages (), Strings ());
}

TEST_F (HostileTest, NoWorkingDirectoryLeadsOut)
{
  Options options;

  for (const char *path :
       {"/proc/self/fd/3", "/proc/self/fd/4", "/proc/self/fd/5", "/proc/self/fd/6",
        "/proc/self/fd/7", "/proc/self/fd/8", "/proc/self/fd/9", "/proc/1/fd/3", "/proc/self/root",
        "/proc/1/root", "/proc/self/cwd", "/link"}) {
    QuiltMessage message;

    plant ("/link", "/proc/self/fd/7");
    options.cwd = path;
    message = run (sh ("ls ../../../.."), options);
    EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED) << path;
    EXPECT_EQ (message.code, QUILT_ERROR_INVALID_ARGUMENT) << message.text;
  }
  options.cwd = "/../../../..";
  EXPECT_EQ (run (sh ("pwd; ls /outside 2>/dev/null || echo inside"), options).exit_code, 0);
  EXPECT_EQ (journald->messages (), (Strings{"/", "inside"}));
}

TEST_F (HostileTest, NoDescriptorIsLeftOpen)
{
  int leak = open ("/", O_PATH | O_DIRECTORY); /* without O_CLOEXEC */

  run (sh ("for i in /proc/self/fd/*; do readlink $i; done"));
  close (leak);
  for (const std::string &line : journald->messages ("stdout"))
    EXPECT_TRUE (line.find ("pipe:") == 0 || line == "/null" || line.find ("/proc/") == 0) << line;
}

TEST_F (HostileTest, TheSupervisorCannotBeWritten)
{
  /* CVE-2019-5736: the helper that executes the command is not reachable once it runs. */
  run (sh ("readlink /proc/1/exe; readlink /proc/self/exe; (echo x > /proc/1/exe) 2>/dev/null "
           "|| echo no"));
  for (const std::string &line : journald->messages ("stdout"))
    EXPECT_TRUE (line == "/bin/busybox" || line == "no") << line;
  EXPECT_EQ (journald->messages ("stdout").back (), "no");

  /* Nor by a command that is a link to it: it is executed as what the container has there. */
  plant ("/bin/self", "/proc/self/exe");
  EXPECT_EQ (run ({"/bin/self"}).type, QUILT_MESSAGE_FAILED);
}

TEST_F (HostileTest, OddProgramsDoNotHangOrCrashTheDiagnosis)
{
  for (const char *name : {"/bin/fifo", "/bin/device", "/bin/huge", "/bin/loop"}) {
    std::string path = root + name;
    QuiltMessage message;

    if (strcmp (name, "/bin/fifo") == 0)
      mkfifo (path.c_str (), 0755);
    else if (strcmp (name, "/bin/device") == 0)
      mknod (path.c_str (), S_IFCHR | 0755, makedev (1, 5));
    else if (strcmp (name, "/bin/loop") == 0)
      fs::create_symlink ("loop", path);
    else
      std::ofstream (path) << "#!" << std::string (100000, '/') << "x\n";
    chmod (path.c_str (), 0755);
    message = run ({name});
    EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED) << name;
    EXPECT_NE (std::string (message.text).find (name), std::string::npos) << message.text;
  }
}

TEST_F (HostileTest, HostileElfFilesAreTheirOwnProblem)
{
  std::ostringstream text;
  std::string program;

  /* A dynamic program, broken at each place that the reader looks at: whatever the kernel makes of
   * it, our side says so and goes on. */
  text << std::ifstream ("/bin/true", std::ios::binary).rdbuf ();
  program = text.str ();
  for (size_t at : {16, 18, 32, 40, 54, 56, 64, 72, 96, 120, 128, 152, 200, 300, 400, 500}) {
    std::string broken = program;
    QuiltMessage message;

    for (size_t i = 0; i < 8; i++)
      broken[at + i] = (char)0xff;
    std::ofstream (root + "/bin/broken", std::ios::binary) << broken;
    chmod ((root + "/bin/broken").c_str (), 0755);
    message = run ({"broken"});
    EXPECT_TRUE (message.type == QUILT_MESSAGE_FAILED || message.signal != 0 ||
                 message.exit_code != 0)
        << at;
  }
}

TEST_F (HostileTest, AFloodDoesNotDelayAStop)
{
  gint64 begin;

  start (sh ("yes"));
  send (QUILT_MESSAGE_GO);
  wait_for (QUILT_MESSAGE_RUNNING);
  ASSERT_TRUE (wait_for_message ("y"));
  begin = g_get_monotonic_time ();
  send (QUILT_MESSAGE_KILL, SIGKILL);
  EXPECT_EQ (wait_for_end ().signal, SIGKILL);
  EXPECT_LT (g_get_monotonic_time () - begin, 5 * G_USEC_PER_SEC); /* on a busy machine too */
  finish ();
}

TEST_F (HostileTest, AReaderThatNeverReadsKeepsNothingRunning)
{
  Options options;
  QuiltMessage message;
  int fds[2];
  char byte;

  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  options.attached[0] = fds[1];
  start (sh ("yes | head -c 200000"), options);
  close (fds[1]);
  send (QUILT_MESSAGE_GO);
  message = wait_for_end ();
  EXPECT_EQ (message.exit_code, 0);
  finish (); /* the supervisor is gone, and what it had is in the pipe */
  size_t n = 0;
  while (read (fds[0], &byte, 1) == 1)
    n++;
  EXPECT_EQ (n, 200000u);
  close (fds[0]);
}

TEST_F (HostileTest, AnExitDoesNotWaitForAStuckJournal)
{
  QuiltMessage message;

  journald_reads = false;
  start (sh ("yes | head -c 3000000 & sleep 0.2; exit 5"));
  send (QUILT_MESSAGE_GO);
  message = wait_for_end ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED);
  EXPECT_EQ (message.exit_code, 5);
  journald_reads = true;
  finish ();
  EXPECT_GT (journald->entries.size (), 1000u); /* what it had read by then has arrived */
}
