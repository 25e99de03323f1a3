/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removal of trees that a container made, whatever is in them. */
#include "fixture.h"

#include <sched.h>
#include <sys/mount.h>

TEST_F (Store, RemovesATreeDeeperThanAnyPath)
{
  int fd = dup (quilt_store_get_layers_fd (store));

  for (int i = 0; i < 100000; i++) {
    ASSERT_EQ (mkdirat (fd, "d", 0700), 0) << i;
    int child = openat (fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE (child, 0);
    close (fd);
    fd = child;
  }
  close (fd);
  EXPECT_TRUE (quilt_tree_remove (quilt_store_get_layers_fd (store), "d", error.out ()))
      << error.message ();
  EXPECT_TRUE (fs::is_empty (path / "layers"));
}

TEST_F (Store, RemovesNothingBehindLinksAndModes)
{
  fs::path tree = path / "layers" / "tree";

  fs::create_directories (tree / "dark" / "inner");
  write (tree / "dark" / "inner" / "file", "x");
  fs::create_symlink (path / "images", tree / "link");
  fs::create_symlink ("nowhere", tree / "dangling");
  ASSERT_EQ (mkfifo ((tree / "fifo").c_str (), 0), 0);
  write (tree / std::string (255, 'n'), "x");
  write (path / "images" / "kept", "x");
  fs::create_symlink (path / "images", path / "layers" / "top");
  if (geteuid () == 0)
    fs::permissions (tree / "dark", fs::perms::none);
  EXPECT_TRUE (quilt_tree_remove (quilt_store_get_layers_fd (store), "tree", error.out ()))
      << error.message ();
  EXPECT_TRUE (quilt_tree_remove (quilt_store_get_layers_fd (store), "top", error.out ()))
      << error.message ();
  EXPECT_TRUE (quilt_tree_remove (quilt_store_get_layers_fd (store), "none", error.out ()))
      << error.message ();
  EXPECT_TRUE (fs::is_empty (path / "layers"));
  EXPECT_TRUE (fs::exists (path / "images" / "kept"));
}

TEST_F (Store, RemovesNothingThatIsMounted)
{
  fs::path mount = path / "layers" / "tree" / "a" / "mount";

  fs::create_directories (mount);
  if (unshare (CLONE_NEWNS) < 0 ||
      ::mount ("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      ::mount ("quilt-test", mount.c_str (), "tmpfs", 0, "size=1m") < 0)
    GTEST_SKIP () << "needs root";
  write (mount / "precious", "x");
  EXPECT_FALSE (quilt_tree_remove (quilt_store_get_layers_fd (store), "tree", error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "tree"));
  std::string found;
  for (const auto &entry : fs::recursive_directory_iterator (path / "layers"))
    found += entry.path ().filename ().string () + " ";
  EXPECT_NE (found.find ("precious"), std::string::npos) << found;
  for (const auto &entry : fs::recursive_directory_iterator (path / "layers"))
    if (entry.path ().filename () == "precious") {
      EXPECT_EQ (umount2 (entry.path ().parent_path ().c_str (), MNT_DETACH), 0);
      break;
    }
}
