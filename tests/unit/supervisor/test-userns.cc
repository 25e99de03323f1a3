/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers in user namespaces: whose their processes and files are, inside and on the host. */
#include "harness.h"

extern "C" {
#include "base/error.h"
}

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

class UsernsTest : public ContainerTest
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
  std::string output (const std::string &script, const Options &options = mapped ())
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

  struct stat status (const std::string &path) const
  {
    struct stat st = {};

    EXPECT_EQ (lstat ((directory + path).c_str (), &st), 0) << path;
    return st;
  }
};

static std::string
words (const std::string &path)
{
  std::ifstream file (path);
  std::string all, word;

  while (file >> word)
    all += word + " ";
  return all;
}

TEST_F (UsernsTest, RootInsideIsNobodyOnTheHost)
{
  QuiltMessage message;
  std::string proc;

  start (sh ("echo up; exec sleep 1000"), mapped ());
  send (QUILT_MESSAGE_GO);
  message = wait_for (QUILT_MESSAGE_RUNNING);
  ASSERT_TRUE (wait_for_message ("up"));
  proc = "/proc/" + std::to_string (message.pid);
  EXPECT_EQ (words (proc + "/uid_map"), "0 600000 65536 ");
  EXPECT_EQ (words (proc + "/gid_map"), "0 700000 65536 ");
  std::ifstream file (proc + "/status");
  std::string line, ids;
  while (std::getline (file, line))
    if (line.compare (0, 4, "Uid:") == 0 || line.compare (0, 4, "Gid:") == 0 ||
        line.compare (0, 7, "Groups:") == 0)
      ids += line + "|";
  EXPECT_EQ (ids, "Uid:\t600000\t600000\t600000\t600000|Gid:\t700000\t700000\t700000\t700000|"
                  "Groups:\t |");
  send (QUILT_MESSAGE_KILL, SIGKILL);
  EXPECT_EQ (wait_for_end ().signal, SIGKILL);
  finish ();
}

TEST_F (UsernsTest, SeesItsOwnIds)
{
  EXPECT_EQ (output ("id -u; id -g; cat /proc/self/uid_map"),
             "0|0|         0     600000      65536|");
}

/* The layer belongs to root on the disk and inside, and so does what is written. */
TEST_F (UsernsTest, FilesOnTheDiskDoNotDependOnTheRange)
{
  Options options = mapped ();
  std::string script =
      "set -e; ls -ln /bin/busybox | grep -q ' 0 *0 '; echo x >/made; "
      "mkdir /dir; ln -s a /link; rm /bin/kill; echo new >/etc/file; chmod 4755 /made; "
      "echo done";

  EXPECT_EQ (output (script, options), "done|");
  for (const char *path :
       {"/upper/made", "/upper/dir", "/upper/link", "/upper/etc/file", "/upper"}) {
    EXPECT_EQ (status (path).st_uid, 0u) << path;
    EXPECT_EQ (status (path).st_gid, 0u) << path;
  }
  EXPECT_EQ (status ("/image/bin/busybox").st_uid, 0u);
  EXPECT_TRUE (S_ISCHR (status ("/upper/bin/kill").st_mode)) << "a whiteout";
  /* In another range it finds all of that again. */
  options.uid_map = R"({"containerID":0,"hostID":800000,"size":65536})";
  EXPECT_EQ (output ("set -e; test ! -e /bin/kill; ls -ln /made | grep -q ' 0 *0 '; cat /etc/file",
                     options),
             "new|");
}

TEST_F (UsernsTest, AUserOfTheContainer)
{
  Options options = mapped ();

  chmod ((directory + "/image").c_str (), 0777);
  chmod ((directory + "/upper").c_str (), 0777);
  options.uid = 1000;
  EXPECT_EQ (output ("id -u; echo x >/mine; echo out >/dev/stdout", options), "1000|out|");
  EXPECT_EQ (status ("/upper/mine").st_uid, 1000u);
  EXPECT_EQ (status ("/upper/mine").st_gid, 1000u);
}

TEST_F (UsernsTest, AnIdCanBeKept)
{
  Options options = mapped ();

  chmod ((directory + "/upper").c_str (), 0777);
  options.uid_map = R"({"containerID":0,"hostID":600000,"size":1000},)"
                    R"({"containerID":1000,"hostID":1000,"size":1},)"
                    R"({"containerID":1001,"hostID":601001,"size":64535})";
  options.gid_map = options.uid_map;
  options.uid = 1000;
  start (sh ("echo x >/mine; echo up; exec sleep 1000"), options);
  send (QUILT_MESSAGE_GO);
  QuiltMessage message = wait_for (QUILT_MESSAGE_RUNNING);
  ASSERT_TRUE (wait_for_message ("up"));
  struct stat st;
  ASSERT_EQ (stat (("/proc/" + std::to_string (message.pid) + "/root").c_str (), &st), 0);
  EXPECT_EQ (st.st_uid, 600000u) << "the root directory is the container's root's";
  ASSERT_EQ (stat (("/proc/" + std::to_string (message.pid)).c_str (), &st), 0);
  EXPECT_EQ (st.st_uid, 1000u);
  EXPECT_EQ (status ("/upper/mine").st_uid, 1000u);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  finish ();
}

TEST_F (UsernsTest, DevicesAreThereAndNoOthersCanBeMade)
{
  EXPECT_EQ (
      output ("set -e; echo x >/dev/null; head -c 3 /dev/zero | wc -c; "
              "for d in null zero full random urandom tty fd ptmx; do ls -lnd /dev/$d; done | "
              "grep -c ' 0 *0 '; ls -ld /dev | grep -c '^drwxr-xr-x'"),
      "3|8|1|");
  EXPECT_EQ (output ("mknod /dev/sda b 8 0 2>/dev/null || echo refused; "
                     "mknod /sda b 8 0 2>/dev/null || echo refused; "
                     "cat /proc/keys | wc -c"),
             "refused|refused|0|");
}

/* Files of ids that the container lacks belong to no user inside, and root there has no power over
 * them. */
TEST_F (UsernsTest, CannotWriteFilesOfTheHost)
{
  Options options = mapped ();
  std::string shared = directory + "/shared", secret = shared + "/secret";

  fs::create_directory (shared);
  std::ofstream (secret) << "hidden";
  chmod (secret.c_str (), 0600);
  std::ofstream (shared + "/readable") << "seen";
  options.mounts = ",{\"destination\":\"/shared\",\"type\":\"bind\",\"source\":\"" + shared +
                   "\",\"options\":[\"rbind\"]}";
  options.capabilities += ",\"CAP_DAC_OVERRIDE\",\"CAP_FOWNER\",\"CAP_SETFCAP\"";
  EXPECT_EQ (
      output (
          "cat /shared/readable; for t in 'cat /shared/secret' 'touch /shared/new' "
          "'rm /shared/secret' 'chmod 777 /shared/secret' 'echo 1 >/proc/sysrq-trigger' "
          "'echo 0 >/proc/sys/kernel/panic'; do (eval \"$t\") 2>/dev/null && echo \"$t\"; done; "
          "true",
          options),
      "seen|");
  EXPECT_FALSE (fs::exists (shared + "/new"));
}

/* With the option idmap it is the container's, as on the disk. */
TEST_F (UsernsTest, ABindMountCanHaveItsIdsMapped)
{
  Options options = mapped ();
  std::string shared = directory + "/shared";

  fs::create_directories (shared + "/below");
  chmod (shared.c_str (), 0700);
  ASSERT_EQ (mount ("tmpfs", (shared + "/below").c_str (), "tmpfs", 0, "mode=755"), 0);
  options.mounts = ",{\"destination\":\"/shared\",\"type\":\"bind\",\"source\":\"" + shared +
                   "\",\"options\":[\"rbind\",\"nosuid\",\"ridmap\"]}";
  EXPECT_EQ (
      output (
          "echo x >/shared/new; echo x >/shared/below/new; ls -ln /shared/new | grep -c ' 0 *0 '",
          options),
      "1|");
  EXPECT_EQ (status ("/shared/new").st_uid, 0u);
  EXPECT_EQ (status ("/shared/below/new").st_uid, 0u);
  options.mounts.replace (options.mounts.find ("ridmap"), 6, "idmap");
  EXPECT_EQ (
      output ("echo x >/shared/other; echo x 2>/dev/null >/shared/below/other || echo no", options),
      "no|");
  umount2 ((shared + "/below").c_str (), MNT_DETACH);
}

/* More than fit into one parameter of fsconfig(2), and into one message of descriptors. */
TEST_F (UsernsTest, ManyLayers)
{
  Options options = mapped ();

  for (int i = 0; i < 300; i++) {
    std::string layer = directory + "/layer" + std::to_string (i);

    fs::create_directory (layer);
    std::ofstream (layer + "/file" + std::to_string (i)) << i;
    options.layers += ":" + layer;
  }
  EXPECT_EQ (
      output ("cat /file0 /file150 /file299; ls -d /file* | wc -l; echo x >/file7; id -u", options),
      "0150299300|0|");
  EXPECT_TRUE (fs::exists (directory + "/upper/file7"));
}

/* A program with file capabilities in the image has them inside, and there alone. */
TEST_F (UsernsTest, FileCapabilitiesWorkInside)
{
  struct vfs_cap_data data = {};
  Options options = mapped ();
  std::string program = root + "/bin/busybox-cap";

  fs::copy_file (root + "/bin/busybox", program);
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1u << CAP_CHOWN;
  ASSERT_EQ (setxattr (program.c_str (), "security.capability", &data, sizeof data, 0), 0);
  options.uid = 1000;
  options.process = ",\"noNewPrivileges\":false";
  EXPECT_EQ (
      output ("/bin/busybox-cap grep CapEff /proc/self/status; grep CapEff /proc/self/status",
              options),
      "CapEff:\t0000000000000001|CapEff:\t0000000000000000|");
}

TEST_F (UsernsTest, TheOomScoreIsSetFromOutside)
{
  Options options = mapped ();

  options.process += ",\"oomScoreAdj\":321";
  EXPECT_EQ (output ("cat /proc/self/oom_score_adj", options), "321|");
}

TEST_F (UsernsTest, AFileSystemThatCannotMapIdsIsNamed)
{
  Options options = mapped ();
  std::string layer = directory + "/ram";
  QuiltMessage message;

  fs::create_directory (layer);
  ASSERT_EQ (mount ("ramfs", layer.c_str (), "ramfs", 0, nullptr), 0);
  options.layers = ":" + layer;
  start (sh ("true"), options);
  message = wait_for_end ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (message.code, QUILT_ERROR_NOT_SUPPORTED);
  for (const char *part : {layer.c_str (), "ramfs", "--userns=host"})
    EXPECT_NE (std::string (message.text).find (part), std::string::npos) << message.text;
  EXPECT_NE (wait_for_exit (), -1);
  umount2 (layer.c_str (), MNT_DETACH);
}

TEST_F (UsernsTest, TheMountTableTellsNothingOfTheHost)
{
  EXPECT_EQ (output ("grep -c " + directory +
                     " /proc/self/mountinfo; grep -c ' - overlay ' "
                     "/proc/self/mountinfo"),
             "0|1|");
}
