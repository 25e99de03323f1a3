/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configuration asks of the kernel for a container's processes, seen from inside. */
#include "harness.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <fstream>

class KernelTest : public ContainerTest
{
protected:
  static Options mapped ()
  {
    Options options;

    options.uid_map = R"({"containerID":0,"hostID":600000,"size":65536})";
    options.gid_map = R"({"containerID":0,"hostID":700000,"size":65536})";
    return options;
  }

  /* What a script prints, its lines joined by '|'. */
  std::string output (const std::string &script, const Options &options)
  {
    QuiltMessage message = run (sh (script), options);
    std::string text;

    EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
    EXPECT_EQ (message.exit_code, 0) << message.text;
    for (const std::string &line : journald->messages ())
      text += line + "|";
    journald->entries.clear ();
    return text;
  }
};

/* Linux allows every one of these to a process without privilege, so that it works in a user
 * namespace too. */
TEST_F (KernelTest, SchedulerAndIoPriority)
{
  for (Options options : {Options (), mapped ()}) {
    options.process += R"(,"scheduler":{"policy":"SCHED_BATCH","nice":7},)"
                       R"("ioPriority":{"class":"IOPRIO_CLASS_IDLE"})";
    start (sh ("echo up; exec sleep 1000"), options);
    send (QUILT_MESSAGE_GO);
    QuiltMessage message = wait_for (QUILT_MESSAGE_RUNNING);
    ASSERT_EQ (message.type, QUILT_MESSAGE_RUNNING) << message.text;
    EXPECT_EQ (sched_getscheduler ((pid_t)message.pid), SCHED_BATCH);
    EXPECT_EQ (syscall (SYS_ioprio_get, 1, (pid_t)message.pid) >> 13, 3);
    std::ifstream stat ("/proc/" + std::to_string (message.pid) + "/stat");
    std::string word;
    for (int i = 0; i < 19; i++)
      stat >> word;
    EXPECT_EQ (word, "7");
    kill ((pid_t)message.pid, SIGKILL);
    wait_for_end ();
    finish ();
    journald->entries.clear ();
  }
}

TEST_F (KernelTest, Personality)
{
  Options options;

  options.linux_more = R"(,"personality":{"domain":"LINUX32"})";
  EXPECT_EQ (output ("cat /proc/self/personality", options), "00000008|");
  options.linux_more = R"(,"personality":{"domain":"LINUX"})";
  EXPECT_EQ (output ("cat /proc/self/personality", options), "00000000|");
}

TEST_F (KernelTest, DomainName)
{
  for (Options options : {Options (), mapped ()}) {
    options.top = R"(,"domainname":"example.org")";
    EXPECT_EQ (output ("cat /proc/sys/kernel/domainname /proc/sys/kernel/hostname", options),
               "example.org|web|");
  }
}

/* A day and more ahead, and the host's clock as it was for who comes next. */
TEST_F (KernelTest, TimeNamespace)
{
  for (Options options : {Options (), mapped ()}) {
    struct timespec now;

    options.namespaces = R"(,{"type":"time"})";
    options.linux_more = R"(,"timeOffsets":{"boottime":{"secs":1000000000,"nanosecs":1},)"
                         R"("monotonic":{"secs":86400}})";
    ASSERT_EQ (clock_gettime (CLOCK_BOOTTIME, &now), 0);
    std::string text = output ("cat /proc/uptime; cat /proc/self/timens_offsets", options);
    double uptime = std::stod (text);
    EXPECT_GE (uptime, 1e9 + (double)now.tv_sec);
    EXPECT_LT (uptime, 1e9 + (double)now.tv_sec + 100);
    EXPECT_NE (text.find ("1000000000         1|"), std::string::npos) << text;
    EXPECT_NE (text.find ("86400         0|"), std::string::npos) << text;
  }
}

TEST_F (KernelTest, ACgroupNamespaceIsJoined)
{
  g_autofd int fd = open ("/proc/self/ns/cgroup", O_RDONLY | O_CLOEXEC);
  struct stat st;

  ASSERT_EQ (fstat (fd, &st), 0);
  for (Options options : {Options (), mapped ()}) {
    options.cgroup_namespace =
        R"({"type":"cgroup","path":"/proc/)" + std::to_string (getpid ()) + R"(/ns/cgroup"})";
    EXPECT_EQ (output ("readlink /proc/self/ns/cgroup", options),
               "cgroup:[" + std::to_string (st.st_ino) + "]|");
  }
}

TEST_F (KernelTest, DevicesHaveOwners)
{
  for (Options options : {Options (), mapped ()}) {
    options.linux_more = R"(,"devices":[{"type":"c","path":"/dev/x","major":1,"minor":3,)"
                         R"("fileMode":416,"uid":5,"gid":44}])";
    EXPECT_EQ (output ("set -- $(ls -ln /dev/x); echo $1 $3 $4", options), "crw-r----- 5 44|");
  }
}
