/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the state directory: whose it is, who else is in it, what a crash left. */
#include "fixture.h"

TEST_F (Store, MakesWhatIsMissing)
{
  struct stat st;

  quilt_store_unref (store);
  store = quilt_store_open ((path / "a" / "b").c_str (), error.out ());
  ASSERT_NE (store, nullptr) << error.message ();
  for (const char *name : {"", "images", "layers", "containers"}) {
    ASSERT_EQ (stat ((path / "a" / "b" / name).c_str (), &st), 0) << name;
    EXPECT_EQ (st.st_mode & 07777, 0700u) << name;
  }
  EXPECT_EQ (quilt_store_get_path (store), (path / "a" / "b").string ());
}

/* Everybody in a container sees this /etc if the image has none. */
TEST_F (Store, HasMountPointsThatAllMayRead)
{
  g_autofree char *place = quilt_store_get_mount_points (store);
  struct stat st;

  EXPECT_EQ (place, (path / "mount-points").string ());
  for (auto [name, mode] :
       {std::pair{"etc", 0755u}, {"etc/hosts", 0644u}, {"etc/hostname", 0644u}}) {
    ASSERT_EQ (stat ((fs::path (place) / name).c_str (), &st), 0) << name;
    EXPECT_EQ (st.st_mode & 07777, mode) << name;
    EXPECT_TRUE (S_ISDIR (st.st_mode) || st.st_size == 0);
  }
  write (fs::path (place) / "etc/hosts", "not empty\n");
  reopen ();
  EXPECT_EQ (fs::file_size (fs::path (place) / "etc/hosts"), 0u);
}

TEST_F (Store, HasThePlaceOfProvidedFilesAlone)
{
  g_autofree char *point = quilt_store_get_provided_point (store);
  struct stat st;

  ASSERT_EQ (stat ((fs::path (point) / ".quilt").c_str (), &st), 0);
  EXPECT_EQ (st.st_mode, S_IFDIR | 0755u);
  EXPECT_EQ (std::distance (fs::directory_iterator (point), fs::directory_iterator ()), 1);
}

TEST_F (Store, HasOneUser)
{
  EXPECT_EQ (quilt_store_open (path.c_str (), error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_BUSY, path.string ()));
  quilt_store_unref (store);
  store = nullptr;
  reopen ();
}

/* Fault 5. A thread may still work in it when quiltd ends. */
TEST_F (Store, DescriptorsStayOpenAsLongAsSomebodyHoldsIt)
{
  QuiltStore *held = quilt_store_ref (store);
  int fd = quilt_store_get_layers_fd (store);

  quilt_store_unref (store);
  EXPECT_EQ (mkdirat (fd, "there", 0700), 0);
  store = nullptr;
  quilt_store_unref (held);
  EXPECT_LT (fcntl (fd, F_GETFD), 0);
  reopen ();
}

TEST_F (Store, IsClosedToOthers)
{
  struct stat st;

  ASSERT_EQ (chmod (path.c_str (), 0755), 0);
  reopen ();
  ASSERT_EQ (stat (path.c_str (), &st), 0);
  EXPECT_EQ (st.st_mode & 07777, 0700u);
}

/* "--state-dir /tmp" must not close /tmp to everybody. */
TEST_F (Store, DoesNotTakeOverADirectoryOfOthers)
{
  fs::path foreign = path / "foreign";
  struct stat st;

  fs::create_directory (foreign);
  ASSERT_EQ (chmod (foreign.c_str (), 0755), 0);
  write (foreign / "thesis", "");
  EXPECT_EQ (quilt_store_open (foreign.c_str (), error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "empty directory"));
  ASSERT_EQ (stat (foreign.c_str (), &st), 0);
  EXPECT_EQ (st.st_mode & 07777, 0755u);
  EXPECT_FALSE (fs::exists (foreign / "images"));
  if (geteuid () == 0) {
    ASSERT_EQ (chown (foreign.c_str (), 12345, 12345), 0);
    EXPECT_EQ (quilt_store_open (foreign.c_str (), error.out ()), nullptr);
    EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "12345"));
  }
}

TEST_F (Store, SaysWhyItCanNotBeOpened)
{
  write (path / "file", "");
  EXPECT_EQ (quilt_store_open ((path / "file").c_str (), error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "file"));
  fs::create_directory (path / "odd");
  ASSERT_EQ (chmod ((path / "odd").c_str (), 0700), 0);
  write (path / "odd" / "layers", "");
  EXPECT_EQ (quilt_store_open ((path / "odd").c_str (), error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "layers"));
}

TEST_F (Store, RemovesWhatACrashLeft)
{
  const char *unfinished[] = {"layers/.tmp-0123", "containers/.new-1", "containers/.gone-2"};
  const char *finished[] = {"layers/finished", "containers/finished"};

  for (const char *name : unfinished) {
    fs::create_directories (path / name / "fs" / "deep");
    write (path / name / "fs" / "deep" / "file", "x");
    fs::create_symlink ("/", path / name / "link");
  }
  for (const char *name : finished)
    fs::create_directories (path / name);
  write (path / "images" / ".x.json.tmp", "half");
  write (path / "images" / "x.json", "whole");
  reopen ();
  for (const char *name : unfinished)
    EXPECT_FALSE (fs::exists (path / name)) << name;
  for (const char *name : finished)
    EXPECT_TRUE (fs::exists (path / name)) << name;
  EXPECT_FALSE (fs::exists (path / "images" / ".x.json.tmp"));
  EXPECT_TRUE (fs::exists (path / "images" / "x.json"));
}

TEST (Digest, IsOneFormOnly)
{
  const std::string hex (64, 'a');
  const std::string bad[] = {"",
                             hex,
                             "sha256:",
                             "sha256:" + hex + "a",
                             "sha256:" + hex.substr (1),
                             "sha256:" + std::string (64, 'A'),
                             "sha512:" + hex,
                             "sha256:../../" + hex.substr (6),
                             " sha256:" + hex,
                             "sha256:" + hex + "\n"};

  EXPECT_EQ (quilt_digest_hex (("sha256:" + hex).c_str ()), hex);
  EXPECT_EQ (quilt_digest_hex (nullptr), nullptr);
  for (const auto &digest : bad)
    EXPECT_EQ (quilt_digest_hex (digest.c_str ()), nullptr) << digest;
}
