/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that a path in a container means, beside links to the host. */
#include "check.h"

extern "C" {
#include "base/fd.h"
#include "copy/target.h"
#include "proto/copy-request.h"
}

#include <fcntl.h>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

class Target : public testing::Test
{
protected:
  fs::path dir;
  int root = -1;
  Error error;

  void SetUp () override
  {
    char name[] = "/tmp/quilt-copy-XXXXXX";

    dir = mkdtemp (name);
    fs::create_directories (dir / "root/etc/sub");
    fs::create_directories (dir / "outside");
    std::ofstream (dir / "root/etc/file") << "x";
    std::ofstream (dir / "outside/file") << "x";
    fs::create_symlink ("etc/file", dir / "root/link");
    fs::create_symlink ("/link", dir / "root/absolute");
    fs::create_symlink ("missing", dir / "root/dangling");
    fs::create_symlink ("loop", dir / "root/loop");
    fs::create_symlink ("../../../../outside/file", dir / "root/up");
    fs::create_symlink (dir / "outside", dir / "root/out");
    fs::create_symlink ("etc", dir / "root/dir");
    root = open ((dir / "root").c_str (), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }

  void TearDown () override
  {
    close (root);
    fs::remove_all (dir);
  }

  /* "DIRECTORY|NAME", with the directory below the root; then "!" if the file is missing, "/" if it
   * is a directory. */
  std::string find (const std::string &path)
  {
    QuiltCopyTarget target = {};
    std::string found;

    if (!quilt_copy_target_find (root, path.c_str (), &target, error.out ()))
      return "error";
    found = fs::read_symlink ("/proc/self/fd/" + std::to_string (target.parent_fd)).string ();
    found = found.substr ((dir / "root").string ().size ()) + "|" + target.name;
    found += target.exists ? target.is_directory ? "/" : "" : "!";
    quilt_copy_target_clear (&target);
    return found;
  }
};

TEST_F (Target, PathsAreFoundInTheRoot)
{
  const struct {
    const char *path, *found;
  } cases[] = {
      {"/etc/file", "/etc|file"},
      {"etc/file", "/etc|file"},
      {"/etc/", "|etc/"},
      {"/etc/sub", "/etc|sub/"},
      {"/etc/new", "/etc|new!"},
      {"/etc/new/", "/etc|new!"},
      {"/", "|./"},
      {"/..", "|./"},
      {"/etc/.", "/etc|./"},
      {"/etc/sub/..", "/etc|./"},
      {"../../etc/file", "/etc|file"},
      {"/link", "/etc|file"},
      {"/absolute", "/etc|file"},
      {"/dangling", "|missing!"},
      {"/dir", "|etc/"},
      {"/dir/file", "/etc|file"},
  };

  for (const auto &each : cases)
    EXPECT_EQ (find (each.path), each.found) << each.path << ": " << error.message ();
}

TEST_F (Target, NoLinkLeadsOut)
{
  EXPECT_EQ (find ("/out/file"), "error");
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "/out/file"));
  EXPECT_EQ (find ("/up"), "error"); /* /outside does not exist in the root */
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "/up"));
  EXPECT_EQ (find ("/loop"), "error");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "symbolic links"));
  EXPECT_EQ (find ("/etc/file/"), "error");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "Not a directory"));
  EXPECT_EQ (find ("/etc/file/more"), "error");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "Not a directory"));
  EXPECT_EQ (find ("/no/file"), "error");
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "/no/file"));
}

TEST (Request, ComesBackAsItWas)
{
  QuiltCopyRequest request = {.operation = QUILT_COPY_TO,
                              .path = (char *)"/a\xff b",
                              .id = (char *)"id",
                              .scope = (char *)"/quilt.slice/x",
                              .first = 77,
                              .user = nullptr,
                              .keeps_owner = TRUE,
                              .overwrite = FALSE,
                              .extract = TRUE};
  QuiltCopyRequest loaded = {};
  Error error;
  int fd = quilt_copy_request_save (&request, error.out ());

  ASSERT_GE (fd, 0);
  ASSERT_TRUE (quilt_copy_request_load (fd, &loaded, error.out ())) << error.message ();
  EXPECT_EQ (loaded.operation, QUILT_COPY_TO);
  EXPECT_STREQ (loaded.path, request.path);
  EXPECT_STREQ (loaded.scope, request.scope);
  EXPECT_EQ (loaded.user, nullptr);
  EXPECT_EQ (loaded.first, 77);
  EXPECT_TRUE (loaded.keeps_owner && loaded.extract && !loaded.overwrite);
  quilt_copy_request_clear (&loaded);
  close (fd);
  fd = quilt_copy_memory_new ("bad", "bytes", 5, error.out ());
  EXPECT_FALSE (quilt_copy_request_load (fd, &loaded, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "request"));
  close (fd);
}
