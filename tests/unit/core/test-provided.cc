/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host beside those of a container, which may be hostile. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "base/fd.h"
#include "core/mounts/provided.h"
}

using std::string;

static int
new_file (const string &text)
{
  int fd = memfd_create ("file", MFD_CLOEXEC);

  EXPECT_TRUE (quilt_fd_write_all (fd, text.data (), text.size ()));
  EXPECT_EQ (lseek (fd, 0, SEEK_SET), 0);
  return fd;
}

static string
read_all (const string &path)
{
  std::ifstream file (path);
  std::stringstream text;

  text << file.rdbuf ();
  return text.str ();
}

static string
read_link (const string &path)
{
  char target[256];
  ssize_t n = readlink (path.c_str (), target, sizeof target);

  return n < 0 ? "" : string (target, (gsize)n);
}

static bool
exists (const string &path)
{
  struct stat st;

  return lstat (path.c_str (), &st) == 0;
}

static void
write_file (const string &path, const string &text)
{
  std::ofstream (path) << text;
}

/* A directory that becomes the root of a process, as a container's is. */
class ProvidedTest : public testing::Test
{
protected:
  void SetUp () override
  {
    char path[] = "/tmp/provided-XXXXXX";

    if (geteuid () != 0)
      GTEST_SKIP () << "only root can mount";
    ASSERT_NE (mkdtemp (path), nullptr);
    root = path;
    for (const char *name : {"/bin", "/etc", "/etc/deep", "/tmp", "/outside"})
      ASSERT_EQ (mkdir ((root + name).c_str (), 0755), 0);
    write_file (root + "/etc/name", "etc");
    write_file (root + "/file", "file");
    ASSERT_EQ (symlink ("bin", (root + "/sbin").c_str ()), 0);
    ASSERT_EQ (symlink ("/missing", (root + "/dangling").c_str ()), 0);
  }

  void TearDown () override
  {
    if (!root.empty ())
      std::filesystem::remove_all (root);
  }

  /* Runs the function in a child that has entered the root; it returns what is wrong, or "". */
  string inside (const std::function<string ()> &function)
  {
    int ends[2], status;
    char text[4096];
    ssize_t n;

    EXPECT_EQ (pipe (ends), 0);
    pid_t pid = fork ();
    if (pid == 0) {
      string said = enter () ? function () : "the root can't be entered";

      _exit (write (ends[1], said.data (), said.size ()) == (ssize_t)said.size () ? 0 : 1);
    }
    close (ends[1]);
    n = read (ends[0], text, sizeof text);
    close (ends[0]);
    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    EXPECT_EQ (status, 0);
    return string (text, n > 0 ? (gsize)n : 0);
  }

  /* Returns the error. */
  static int provide (bool all = false, const char **ret_why = nullptr)
  {
    const QuiltProvided files = {new_file ("program"), all, new_file ("certificates")};
    const char *why;

    return quilt_provided_enter (&files, ret_why ? ret_why : &why);
  }

  string root;

private:
  bool enter ()
  {
    return unshare (CLONE_NEWNS) == 0 && mount ("", "/", nullptr, MS_REC | MS_PRIVATE, "") == 0 &&
           mount (root.c_str (), root.c_str (), nullptr, MS_BIND, nullptr) == 0 &&
           mount ("tmpfs", (root + "/etc/deep").c_str (), "tmpfs", 0, nullptr) == 0 &&
           chdir (root.c_str ()) == 0 && chroot (".") == 0;
  }
};

TEST_F (ProvidedTest, FilesAreBesideTheContainersOwn)
{
  string said = inside ([] () -> string {
    write_file ("/etc/deep/mounted", "x");
    if (provide (true) != 0)
      return "it failed";
    if (read_all ("/.quilt/bin/busybox") != "program" ||
        read_all ("/.quilt/ca-certificates.crt") != "certificates" ||
        read_link ("/.quilt/bin/vi") != "busybox" || access ("/.quilt/bin/sh", X_OK) < 0)
      return "the files are not there";
    if (read_all ("/etc/name") != "etc" || read_all ("/file") != "file" ||
        read_link ("/sbin") != "bin" || read_link ("/dangling") != "/missing" ||
        read_all ("/etc/deep/mounted") != "x")
      return "the container's files are not there";
    write_file ("/etc/written", "w");
    if (mkdir ("/new", 0755) == 0 || mkdir ("/.quilt/new", 0755) == 0 ||
        open ("/.quilt/bin/busybox", O_WRONLY) >= 0)
      return "the root can be written";
    return "";
  });

  EXPECT_EQ (said, "");
  EXPECT_EQ (read_all (root + "/etc/written"), "w");
  EXPECT_FALSE (exists (root + "/.quilt"));
  EXPECT_FALSE (exists (root + "/new"));
}

TEST_F (ProvidedTest, OnlyTheShellIfOnlyThatIsAskedFor)
{
  string said = inside ([] () -> string {
    if (provide () != 0)
      return "it failed";
    return exists ("/.quilt/bin/sh") && !exists ("/.quilt/bin/vi") ? "" : "wrong names";
  });

  EXPECT_EQ (said, "");
}

TEST_F (ProvidedTest, WhatIsAtItsPlaceIsNotTouched)
{
  const std::function<void ()> hostile[] = {
      [this] { EXPECT_EQ (symlink ("/outside", (root + "/.quilt").c_str ()), 0); },
      [this] { EXPECT_EQ (symlink ("..", (root + "/.quilt").c_str ()), 0); },
      [this] { EXPECT_EQ (mkdir ((root + "/.quilt").c_str (), 0755), 0); },
      [this] { EXPECT_EQ (mkfifo ((root + "/.quilt").c_str (), 0644), 0); },
      [this] { write_file (root + "/.quilt", "mine"); },
  };

  for (const auto &make : hostile) {
    make ();
    string said = inside ([] () -> string {
      if (provide () != 0)
        return "it failed";
      return read_all ("/.quilt/bin/busybox") == "program" ? "" : "another file";
    });

    EXPECT_EQ (said, "");
    EXPECT_EQ (rmdir ((root + "/outside").c_str ()), 0); /* it is empty */
    EXPECT_EQ (mkdir ((root + "/outside").c_str (), 0755), 0);
    EXPECT_EQ (remove ((root + "/.quilt").c_str ()), 0);
  }
}

TEST_F (ProvidedTest, AMountAtItsPlaceStaysWhereItIs)
{
  EXPECT_EQ (mkdir ((root + "/.quilt").c_str (), 0755), 0);
  string said = inside ([] () -> string {
    if (mount ("tmpfs", "/.quilt", "tmpfs", 0, nullptr) < 0)
      return "no mount";
    int before = open ("/.quilt", O_PATH | O_DIRECTORY);
    if (provide () != 0)
      return "it failed";
    return faccessat (before, "bin", F_OK, 0) < 0 ? "" : "the files are in the container's mount";
  });

  EXPECT_EQ (said, "");
}

TEST_F (ProvidedTest, TheFilesOfAllKindsStay)
{
  EXPECT_EQ (mkfifo ((root + "/fifo").c_str (), 0644), 0);
  EXPECT_EQ (mknod ((root + "/null").c_str (), S_IFCHR | 0666, makedev (1, 3)), 0);
  string said = inside ([] () -> string {
    struct stat fifo, null;

    if (provide () != 0)
      return "it failed";
    return lstat ("/fifo", &fifo) == 0 && S_ISFIFO (fifo.st_mode) && lstat ("/null", &null) == 0 &&
                   S_ISCHR (null.st_mode)
               ? ""
               : "they are other files";
  });

  EXPECT_EQ (said, "");
}

TEST_F (ProvidedTest, ARootWithTooManyEntriesIsRefused)
{
  for (int i = 0; i < 1100; i++)
    write_file (root + "/" + std::to_string (i), "");
  string said = inside ([] () -> string {
    const char *why = "";
    int r = provide (false, &why);

    return r == -E2BIG && *why ? "" : "it was not refused";
  });

  EXPECT_EQ (said, "");
}

TEST_F (ProvidedTest, ANewContainersMountIsFilled)
{
  EXPECT_EQ (mkdir ((root + "/.quilt").c_str (), 0755), 0);
  string said = inside ([] () -> string {
    const QuiltProvided files = {new_file ("program"), FALSE, new_file ("certificates")};
    int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *why;

    if (quilt_provided_fill (&files, root_fd, &why) != -EINVAL || !*why)
      return "it is not a mount, and was filled";
    if (mount ("tmpfs", "/.quilt", "tmpfs", 0, nullptr) < 0 ||
        quilt_provided_fill (&files, root_fd, &why) != 0)
      return "it was not filled";
    if (read_all ("/.quilt/bin/sh") != "program" || mkdir ("/.quilt/x", 0755) == 0 ||
        mkdir ("/new", 0755) < 0)
      return "it is not as it should be";
    return "";
  });

  EXPECT_EQ (said, "");
}

TEST_F (ProvidedTest, ALinkAtTheMountsPlaceIsNotFollowed)
{
  EXPECT_EQ (symlink ("/outside", (root + "/.quilt").c_str ()), 0);
  string said = inside ([] () -> string {
    const QuiltProvided files = {new_file ("program"), FALSE, -1};
    int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *why;

    return quilt_provided_fill (&files, root_fd, &why) < 0 ? "" : "it was followed";
  });

  EXPECT_EQ (said, "");
  EXPECT_EQ (rmdir ((root + "/outside").c_str ()), 0); /* it is empty */
}
