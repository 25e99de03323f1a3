/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel settings that the configuration asks for, seen from inside the container. */
#include "harness.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

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

  /* The output of a script, its lines joined by '|'. */
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

/* The container's clock is ahead by more than a day, and later processes see the host's clock
 * unchanged. */
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

/* With a mount below, which mount(8) options without r leave alone or not. */
TEST_F (KernelTest, AttributesBelowARecursiveBind)
{
  fs::create_directories (directory + "/data/below");
  ASSERT_EQ (mount ("tmpfs", (directory + "/data/below").c_str (), "tmpfs", MS_RDONLY, nullptr), 0);
  for (Options options : {Options (), mapped ()}) {
    const std::string head =
        R"(,{"destination":"/data","source":")" + directory + R"(/data","options":["rbind",)";
    const std::string script =
        "while read a b c d where options e; do case $where in /data*) echo $where ${options%%,*} "
        "$options;; esac; done < /proc/self/mountinfo";

    options.mounts = head + R"("rw","rnosuid"]})";
    std::string text = output (script, options);
    EXPECT_NE (text.find ("/data rw"), std::string::npos) << text;
    EXPECT_NE (text.find ("/data/below ro ro,nosuid"), std::string::npos) << text;
    options.mounts = head + R"("rro"]})";
    text = output (script, options);
    EXPECT_NE (text.find ("/data ro"), std::string::npos) << text;
    EXPECT_NE (text.find ("/data/below ro"), std::string::npos) << text;
  }
  EXPECT_EQ (umount ((directory + "/data/below").c_str ()), 0);
}

TEST_F (KernelTest, ATmpfsBeginsWithWhatItHides)
{
  fs::create_directories (root + "/srv/deep/er");
  std::ofstream (root + "/srv/deep/er/file") << "content";
  fs::create_symlink ("../nowhere", root + "/srv/link");
  fs::permissions (root + "/srv/deep", fs::perms (0751));
  fs::permissions (root + "/srv", fs::perms (0710));
  for (Options options : {Options (), mapped ()}) {
    options.mounts = R"(,{"destination":"/srv","type":"tmpfs","source":"t",)"
                     R"("options":["tmpcopyup","nosuid"]})";
    EXPECT_EQ (output ("cat /srv/deep/er/file; echo; readlink /srv/link; set -- $(ls -ld /srv); "
                       "echo $1; set -- $(ls -ld /srv/deep); echo $1; echo x >/srv/new && echo new",
                       options),
               "content|../nowhere|drwx--x---|drwxr-x--x|new|");
  }
  EXPECT_FALSE (fs::exists (directory + "/upper/srv/new"));
}

/* Only the host's root can open the file; the container's root has a copy and may change that. */
TEST_F (KernelTest, AFileIsCopied)
{
  const std::string secret = directory + "/secret";

  std::ofstream (secret) << "content";
  fs::permissions (secret, fs::perms (0600));
  for (Options options : {Options (), mapped ()}) {
    options.mounts = R"(,{"destination":"/srv/file","source":")" + secret +
                     R"(","options":["bind","x-quilt.copy","nosuid"]},)"
                     R"({"destination":"/srv/ro","source":")" +
                     secret + R"(","options":["bind","x-quilt.copy","ro"]})";
    EXPECT_EQ (
        output (
            "cat /srv/file /srv/ro; echo; set -- $(ls -ln /srv/file); echo $1 $3 $4; "
            "echo x >/srv/file && cat /srv/file; (echo x >/srv/ro) 2>/dev/null || echo refused; "
            "head -c 2000000 /dev/zero 2>/dev/null >/srv/file || wc -c </srv/file | cut -c1-3",
            options),
        "contentcontent|-rw-r--r-- 0 0|x|refused|104|");
  }
  std::string content;
  std::getline (std::ifstream (secret), content);
  EXPECT_EQ (content, "content");
}

TEST_F (KernelTest, ADirectoryIsNotCopied)
{
  Options options;

  options.mounts = R"(,{"destination":"/srv","source":")" + directory +
                   R"(","options":["bind","x-quilt.copy"]})";
  QuiltMessage message = run (sh ("echo started"), options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_TRUE (strstr (message.text, "on '/srv': Invalid argument, only a regular file is copied"))
      << message.text;
}

/* Files of 1000 on the disk are those of 7 there, with a user namespace and without. */
TEST_F (KernelTest, AMountHasIdsOfItsOwn)
{
  fs::create_directories (directory + "/data");
  std::ofstream (directory + "/data/file") << "x";
  ASSERT_EQ (chown ((directory + "/data/file").c_str (), 1000, 1001), 0);
  for (Options options : {Options (), mapped ()}) {
    const bool has_user = !options.uid_map.empty () || getenv ("QUILT_TEST_USERNS");
    const std::string uid = std::to_string (has_user ? 600007 : 7);
    const std::string gid =
        std::to_string (options.gid_map.empty () ? (has_user ? 600008 : 8) : 700008);

    options.mounts = R"(,{"destination":"/data","source":")" + directory +
                     R"(/data","options":["bind"],"uidMappings":[{"containerID":1000,"hostID":)" +
                     uid + R"(,"size":1}],"gidMappings":[{"containerID":1001,"hostID":)" + gid +
                     R"(,"size":1}]})";
    EXPECT_EQ (output ("set -- $(ls -ln /data/file); echo $3 $4", options), "7 8|");
  }
}

/* If the mount is a slave, the container sees later mounts of the host. */
TEST_F (KernelTest, ASlaveFollowsTheHost)
{
  const std::string data = directory + "/data";

  fs::create_directories (data + "/later");
  ASSERT_EQ (mount (data.c_str (), data.c_str (), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ (mount (nullptr, data.c_str (), nullptr, MS_SHARED, nullptr), 0);
  for (Options options : {Options (), mapped ()}) {
    options.mounts = R"(,{"destination":"/data","source":")" + data +
                     R"(","options":["rbind","rslave"]},{"destination":"/alone","source":")" +
                     data + R"(","options":["rbind"]})";
    start (sh ("echo up; until test -e /data/later/new; do :; done; ls /alone/later; echo end"),
           options);
    send (QUILT_MESSAGE_GO);
    ASSERT_EQ (wait_for (QUILT_MESSAGE_RUNNING).type, QUILT_MESSAGE_RUNNING);
    ASSERT_TRUE (wait_for_message ("up"));
    ASSERT_EQ (mount ("tmpfs", (data + "/later").c_str (), "tmpfs", 0, nullptr), 0);
    std::ofstream (data + "/later/new") << "x";
    EXPECT_EQ (wait_for_end ().exit_code, 0);
    finish ();
    EXPECT_EQ (journald->messages ().back (), "end");
    EXPECT_EQ (journald->messages ().size (), 2u);
    journald->entries.clear ();
    EXPECT_EQ (umount ((data + "/later").c_str ()), 0);
  }
  EXPECT_EQ (umount2 (data.c_str (), MNT_DETACH), 0);
}

TEST_F (KernelTest, TheRootHasItsPropagation)
{
  const std::string script = "while read a b c d where options tag e; do test $where = / && "
                             "echo ${tag%%:*}; done < /proc/self/mountinfo; true";
  Options options;

  EXPECT_EQ (output (script, options), "-|");
  options.linux_more = R"(,"rootfsPropagation":"rshared")";
  EXPECT_EQ (output (script, options), "shared|");
  options.linux_more = R"(,"rootfsPropagation":"unbindable")";
  EXPECT_EQ (output (script, options), "unbindable|");
  options.linux_more = R"(,"rootfsPropagation":"private")";
  EXPECT_EQ (output (script, options), "-|");
}

/* As engines write it, also for a user namespace that is too small for it. */
TEST_F (KernelTest, DevptsHasTheGroupThatThereIs)
{
  Options options;

  options.mounts = R"(,{"destination":"/pts","type":"devpts","source":"devpts","options":[)"
                   R"("newinstance","ptmxmode=0666","mode=0620","gid=5"]})";
  EXPECT_NE (output ("grep ' /pts ' /proc/self/mountinfo", options).find ("gid="),
             std::string::npos);
  options.uid_map = options.gid_map = R"({"containerID":0,"hostID":600000,"size":5})";
  EXPECT_EQ (output ("grep ' /pts ' /proc/self/mountinfo", options).find ("gid=5"),
             std::string::npos);
}

TEST_F (KernelTest, KeepsTheCallersGroupsIfAsked)
{
  const gid_t ours[] = {0, 4242};

  ASSERT_EQ (setgroups (2, ours), 0);
  Options options;
  EXPECT_EQ (output ("grep Groups /proc/self/status", options).find ("4242"), std::string::npos);
  options.annotations = R"(,"run.oci.keep_original_groups":"1")";
  EXPECT_NE (output ("grep Groups /proc/self/status", options).find ("4242"), std::string::npos);
}
