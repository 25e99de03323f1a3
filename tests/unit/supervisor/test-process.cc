/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The credentials of a container's processes, and what they may use: with a user namespace and
 * without. */
#include "harness.h"

extern "C" {
#include "base/error.h"
}

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

class ProcessTest : public ContainerTest
{
protected:
  void SetUp () override
  {
    ContainerTest::SetUp ();
    fs::create_directories (root + "/etc");
    write ("passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"
                     "far:x:4000000000:5::/:\nbad:x:4294967295:0::/:\n");
    write ("group", "web:x:33:app\nlog:x:4:\nfar:x:4000000000:\n");
  }

  void write (const char *name, const std::string &text)
  {
    fs::remove_all (root + "/etc/" + name);
    std::ofstream (root + "/etc/" + name) << text;
  }

  static Options as (const std::string &user, const std::string &groups = "")
  {
    Options options;

    options.annotations = ",\"org.quilt.user\":\"" + user + "\"";
    if (!groups.empty ())
      options.annotations += ",\"org.quilt.groups\":\"" + groups + "\"";
    return options;
  }

  /* The output of a script, its lines joined by '|'. */
  std::string output (const std::string &script, const Options &options)
  {
    QuiltMessage message = run (sh (script), options);
    std::string text;

    EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
    for (const std::string &line : journald->messages ())
      text += line + "|";
    journald->entries.clear ();
    return text;
  }

  void refuses (const Options &options, const std::string &text)
  {
    QuiltMessage message = run (sh ("echo it ran"), options);

    EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED) << text;
    EXPECT_NE (std::string (message.text).find (text), std::string::npos) << message.text;
    EXPECT_TRUE (journald->messages ("stdout").empty ()) << text;
    journald->entries.clear ();
  }
};

static const char who[] = "id -u; id -g; id -G; echo $HOME; echo out >/dev/stdout";

TEST_F (ProcessTest, UsersAreLookedUpInItsOwnFiles)
{
  EXPECT_EQ (output (who, as ("app")), "1000|1001|1001 33|/home/app|out|");
  EXPECT_EQ (output (who, as ("1000")), "1000|1001|1001 33|/home/app|out|");
  EXPECT_EQ (output (who, as ("app:log")), "1000|4|4|/home/app|out|");
  EXPECT_EQ (output (who, as ("7:8", "web,9")), "7|8|8 9 33|/|out|");
  EXPECT_EQ (output (who, as ("root")), "0|0|0|/root|out|");
  Options options = as ("app");
  options.env.push_back ("HOME=/mine");
  EXPECT_EQ (output (who, options), "1000|1001|1001 33|/mine|out|");
}

TEST_F (ProcessTest, NamesMissingUsersAndGroups)
{
  refuses (as ("nobody"), "Failed to look up user or group 'nobody': the container's /etc/passwd");
  refuses (as ("bad"), "'bad': its line in the container's /etc/passwd is not valid");
  refuses (as ("app:nothing"), "'nothing': the container's /etc/group has no such group");
  refuses (as ("app", "web,nothing"), "'nothing': the container's /etc/group has no such group");
}

TEST_F (ProcessTest, AnIdOutsideOfTheUserNamespaceIsNamed)
{
  const struct {
    Options options;
    const char *why;
  } cases[] = {
      {as ("far"), "'far': its uid is not in the container's user namespace"},
      {as ("4000000000"), "its uid is not in the container's user namespace"},
      {as ("app:far"), "its gid is not in the container's user namespace"},
      {as ("app", "far"), "one of its groups is not in the container's user namespace"},
  };

  for (const auto &c : cases) {
    Options options = c.options;

    options.uid_map = options.gid_map = R"({"containerID":0,"hostID":600000,"size":65536})";
    refuses (options, c.why);
  }
}

TEST_F (ProcessTest, StepsAreRoots)
{
  Options options = as ("late");

  options.steps = {{sh ("id -u; echo $HOME; echo late:x:12:13::/late: >>/etc/passwd")}};
  EXPECT_EQ (output (who, options), "0|/root|12|13|13|/late|out|");
}

TEST_F (ProcessTest, HostileFilesAreRefused)
{
  const struct {
    void (*make) (const std::string &path);
    const char *why;
  } cases[] = {
      {[] (const std::string &path) { mkfifo (path.c_str (), 0666); }, "it is not a regular file"},
      {[] (const std::string &path) { mkdir (path.c_str (), 0777); }, "it is not a regular file"},
      {[] (const std::string &path) { symlink ("/dev/zero", path.c_str ()); },
       "not a regular file"},
      {[] (const std::string &path) { symlink ("passwd", path.c_str ()); }, "symbolic links"},
      {[] (const std::string &path) { symlink ("/proc/self/fd/0", path.c_str ()); }, "symbolic"},
      {[] (const std::string &path) {
         std::ofstream file (path);
         fs::resize_file (path, 1 << 30);
       },
       "it is larger than 64 MiB"},
  };

  for (const auto &c : cases) {
    fs::remove_all (root + "/etc/passwd");
    c.make (root + "/etc/passwd");
    refuses (as ("root"), std::string ("Failed to read the container's '/etc/passwd': "));
    refuses (as ("root"), c.why);
    /* A number needs no file; the command must not read it either. */
    EXPECT_EQ (output ("sed -n 's/^Uid:.//p' /proc/self/status", as ("1000:1000")),
               "1000\t1000\t1000\t1000|");
  }
  fs::remove_all (root + "/etc/passwd");
  symlink ("../../../../../../etc/shadow", (root + "/etc/passwd").c_str ());
  refuses (as ("root"), "has no such user"); /* inside there is no such file */
}

TEST_F (ProcessTest, LimitsAreThoseAskedFor)
{
  Options options;

  options.process += ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":5,\"hard\":7},"
                     "{\"type\":\"RLIMIT_FSIZE\",\"soft\":1000,\"hard\":18446744073709551615}]";
  EXPECT_EQ (output ("ulimit -Sn; ulimit -Hn; ulimit -Hf", options), "5|7|unlimited|");
}

TEST_F (ProcessTest, TheDefaultOfFilesIsAsMuchAsThereIs)
{
  Options options;
  struct rlimit ours;

  getrlimit (RLIMIT_NOFILE, &ours);
  options.process +=
      ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1048576,\"hard\":1048576}]";
  options.annotations = ",\"org.quilt.nofile-default\":\"true\"";
  std::string text = output ("ulimit -Sn; ulimit -Hn", options);
  EXPECT_TRUE (text == "1048576|1048576|" ||
               text == std::to_string (ours.rlim_max) + "|" + std::to_string (ours.rlim_max) + "|")
      << text;
}

TEST_F (ProcessTest, SettingsAreItsOwn)
{
  Options options;

  options.linux_more = ",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"kernel.shmmax\":\"123456\","
                       "\"kernel.domainname\":\"example.org\",\"fs.mqueue.msg_max\":\"20\"}";
  EXPECT_EQ (output ("cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax kernel/domainname "
                     "fs/mqueue/msg_max",
                     options),
             "1|123456|example.org|20|");
  options.linux_more = ",\"sysctl\":{\"net.nonsense\":\"1\"}";
  refuses (options, "Failed to set the kernel's 'net.nonsense': No such file or directory");
}

TEST_F (ProcessTest, AllCapabilitiesAreThoseThatThereAre)
{
  Options options;

  options.capabilities = "\"CAP_CHOWN\",\"CAP_SYS_RESOURCE\"";
  options.annotations = ",\"org.quilt.all-capabilities\":\"true\"";
  std::string text = output ("grep CapEff /proc/self/status", options);
  EXPECT_TRUE (text == "CapEff:\t0000000001000001|" || text == "CapEff:\t0000000000000001|")
      << text;
}
