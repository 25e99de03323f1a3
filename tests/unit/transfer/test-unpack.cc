/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of a good archive, and the errors for one that is invalid, damaged, cut off or too
 * large. */
#include "fixture.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/xattr.h>

using Unpack = Layers;

static std::string
small_root ()
{
  Tar tar;

  tar.dir ("./").dir ("./bin").file ("./bin/true", "program", 0755).dir ("./etc", 0700);
  tar.symlink ("./sh", "bin/true").hardlink ("./bin/false", "./bin/true");
  return tar.end ().bytes;
}

TEST_F (Unpack, MakesWhatTheArchiveSays)
{
  struct stat st;

  ASSERT_TRUE (unpack (small_root ())) << error.message ();
  EXPECT_EQ (read_file (root () / "bin/false"), "program");
  EXPECT_EQ (fs::read_symlink (root () / "sh"), "bin/true");
  EXPECT_EQ (result.info.entries, 5u);
  EXPECT_EQ (result.info.size, strlen ("program"));
  EXPECT_EQ (quilt_left_out_total (&result.info.left_out), 0u);
  for (const char *name : {"", "bin", "bin/true", "etc", "sh"}) {
    ASSERT_EQ (lstat ((root () / name).c_str (), &st), 0);
    EXPECT_EQ (st.st_mtime, 1000000000) << name;
  }
  ASSERT_EQ (stat ((root () / "etc").c_str (), &st), 0);
  EXPECT_EQ (st.st_mode & 07777, 0700u);
  ASSERT_EQ (stat ((root () / "bin/true").c_str (), &st), 0);
  EXPECT_EQ (st.st_mode & 07777, 0755u);
}

TEST_F (Unpack, KeepsOwnersAndCapabilities)
{
  /* VFS_CAP_REVISION_2, CAP_NET_RAW, effective */
  const std::string capability ("\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  TarHeader header;
  struct stat st;
  char value[64];
  Tar tar;

  if (geteuid () != 0)
    GTEST_SKIP () << "needs root";
  header.name = "ping";
  header.uid = 12;
  header.gid = 34;
  header.mode = 04755;
  tar.pax ({{"SCHILY.xattr.security.capability", capability}}).add (header, "x");
  ASSERT_TRUE (unpack (tar.end ().bytes)) << error.message ();
  ASSERT_EQ (stat ((root () / "ping").c_str (), &st), 0);
  EXPECT_EQ (st.st_uid, 12u);
  EXPECT_EQ (st.st_gid, 34u);
  EXPECT_EQ (st.st_mode & 07777, 04755u);
  EXPECT_EQ (getxattr ((root () / "ping").c_str (), "security.capability", value, sizeof value),
             20);
}

TEST_F (Unpack, CountsWhatItLeavesOut)
{
  TarHeader header;
  Tar tar;

  header.name = "null";
  header.type = '3';
  tar.add (header).file (".wh.x", "").file ("f", "x");
  ASSERT_TRUE (unpack (tar.end ().bytes)) << error.message ();
  EXPECT_EQ (quilt_left_out_total (&result.info.left_out), 2u);
  EXPECT_EQ (result.info.entries, 1u);
}

TEST_F (Unpack, TakesEachCompression)
{
  for (auto filter : {archive_write_add_filter_gzip, archive_write_add_filter_xz,
                      archive_write_add_filter_zstd, archive_write_add_filter_bzip2}) {
    std::string bytes = compress (small_root (), filter);
    g_autofree char *hex = g_compute_checksum_for_data (
        G_CHECKSUM_SHA256, (const guchar *)bytes.data (), bytes.size ());

    ASSERT_TRUE (unpack (bytes)) << error.message ();
    EXPECT_EQ (read_file (root () / "bin/true"), "program");
    EXPECT_EQ (result.digest, std::string ("sha256:") + hex);
  }
}

TEST_F (Unpack, TakesZerosThatPadATape)
{
  EXPECT_TRUE (unpack (small_root () + std::string (600000, '\0'))) << error.message ();
  EXPECT_TRUE (
      unpack (compress (small_root (), archive_write_add_filter_gzip) + std::string (600000, '\0')))
      << error.message ();
}

TEST_F (Unpack, HashesFromWhereTheFileStands)
{
  int fd = memory_file ("ignored" + small_root ());
  std::string digest;

  ASSERT_TRUE (unpack (small_root ()));
  digest = result.digest;
  lseek (fd, strlen ("ignored"), SEEK_SET);
  EXPECT_TRUE (unpack_fd (fd)) << error.message ();
  EXPECT_EQ (result.digest, digest);
  close (fd);
}

TEST_F (Unpack, SaysWhatItGotInstead)
{
  const struct {
    std::string bytes;
    const char *says;
  } cases[] = {
      {"", "empty"},
      {compress ("", archive_write_add_filter_gzip), "empty"},
      {std::string (10240, '\0'), "no files"},
      {Tar ().dir ("./").end ().bytes, "no files"},
      {"Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n", "text"},
      {std::string (2000, 'x'), "text"},
      {"PK\003\004" + std::string (1000, '\1'), "zip"},
      {"\177ELF" + std::string (1000, '\2'), "ELF"},
      {"!<arch>\ndebian-binary   " + std::string (1000, ' '), "Debian"},
      {"{\"schemaVersion\": 2}", "JSON"},
      {"070701" + std::string (1000, '0'), "cpio"},
      {"\004\042\115\030" + std::string (1000, '\1'), "lz4"},
      {"\x80\x01" + std::string (3000, '\x99'), "not a tar archive"},
      {compress ("Lorem ipsum", archive_write_add_filter_xz), "text"},
      {compress (compress (small_root (), archive_write_add_filter_gzip),
                 archive_write_add_filter_gzip),
       "more than once"},
  };

  for (const auto &c : cases) {
    ASSERT_FALSE (unpack (c.bytes)) << c.says;
    EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, c.says));
    EXPECT_EQ (leftovers (), 0);
  }
}

TEST_F (Unpack, NoticesDamage)
{
  TarHeader broken;
  std::string good = small_root ();

  broken.name = "broken";
  broken.bad_checksum = true;
  ASSERT_FALSE (unpack (Tar ().add (broken).end ().bytes));
  EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "damaged"));
  ASSERT_FALSE (unpack (Tar ().file ("f", "x").add (broken).end ().bytes));
  EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "damaged"));
}

/* Fault 20. GNU tar, docker and podman take it; pixz keeps its index there. */
TEST_F (Unpack, TakesAndCountsDataBehindTheEnd)
{
  std::string good = small_root ();

  for (const std::string &rest :
       {std::string ("garbage"), good, std::string (1 << 20, '\0') + "garbage"}) {
    ASSERT_TRUE (unpack (good + rest)) << error.message ();
    EXPECT_GE (result.info.left_out.counts[QUILT_LEFT_OUT_BEHIND], rest.size ());
    EXPECT_EQ (result.info.entries, 5u);
    ASSERT_TRUE (unpack (compress (good + rest, archive_write_add_filter_zstd)));
    EXPECT_EQ (read_file (root () / "bin/true"), "program");
  }
}

/* Fault 20. Zeros pad a tape, whatever the compression; any other byte is refused, however few. */
TEST_F (Unpack, TakesNothingButZerosBehindACompressedStream)
{
  for (auto filter : {archive_write_add_filter_gzip, archive_write_add_filter_xz,
                      archive_write_add_filter_zstd, archive_write_add_filter_bzip2}) {
    std::string packed = compress (small_root (), filter);

    for (size_t length : {1, 4, 9, 10, 600000}) {
      std::string zeros (length, '\0');

      /* The format of xz wants a multiple of four. */
      if (filter != archive_write_add_filter_xz || length % 4 == 0) {
        ASSERT_TRUE (unpack (packed + zeros)) << length << error.message ();
        EXPECT_EQ (read_file (root () / "bin/true"), "program");
      }
      ASSERT_FALSE (unpack (packed + zeros + "x")) << length;
      EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, ""));
      ASSERT_FALSE (unpack (packed + std::string (length, 'x'))) << length;
      EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, ""));
    }
  }
}

/* Fault 20. Several frames or members are one stream. */
TEST_F (Unpack, TakesStreamsInParts)
{
  std::string good = small_root ();

  for (auto filter : {archive_write_add_filter_gzip, archive_write_add_filter_xz,
                      archive_write_add_filter_zstd, archive_write_add_filter_bzip2}) {
    std::string parts =
        compress (good.substr (0, 700), filter) + compress (good.substr (700), filter);

    ASSERT_TRUE (unpack (parts)) << error.message ();
    EXPECT_EQ (read_file (root () / "bin/true"), "program");
  }
}

/* Fault 20. Several writers leave the mark out. */
TEST_F (Unpack, TakesAnArchiveWithoutItsMarkIfNothingCanBeMissing)
{
  std::string whole = small_root ();
  std::string unmarked = whole.substr (0, whole.size () - 1024);

  for (auto filter : {archive_write_add_filter_gzip, archive_write_add_filter_xz,
                      archive_write_add_filter_zstd, archive_write_add_filter_bzip2}) {
    std::string packed = compress (unmarked, filter);

    ASSERT_TRUE (unpack (packed)) << error.message ();
    EXPECT_EQ (result.info.entries, 5u);
    ASSERT_FALSE (unpack (packed.substr (0, packed.size () - 1)));
  }
  ASSERT_FALSE (unpack (unmarked));
  EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "--no-end-mark"));
  limits.no_end_mark = TRUE;
  ASSERT_TRUE (unpack (unmarked)) << error.message ();
  EXPECT_EQ (result.info.entries, 5u);
}

/* Fault 20. */
TEST_F (Unpack, LeavesOutHardLinksToWhatIsLeftOut)
{
  TarHeader device;
  Tar tar;

  device.name = "./dev/null";
  device.type = '3';
  tar.dir ("./dev").add (device).hardlink ("null2", "dev/null").hardlink ("null3", "./null2");
  tar.file ("f", "x");
  ASSERT_TRUE (unpack (tar.end ().bytes)) << error.message ();
  EXPECT_EQ (result.info.left_out.counts[QUILT_LEFT_OUT_DEVICE], 1u);
  EXPECT_EQ (result.info.left_out.counts[QUILT_LEFT_OUT_HARD_LINK], 2u);
  EXPECT_STREQ (result.info.left_out.examples[0], "dev/null");
  EXPECT_STREQ (result.info.left_out.examples[2], "null3");
  /* A file in its place can be linked to. */
  tar = Tar ();
  tar.add (device).file ("dev/null", "now a file").hardlink ("copy", "dev/null");
  ASSERT_TRUE (unpack (tar.end ().bytes)) << error.message ();
  EXPECT_EQ (read_file (root () / "copy"), "now a file");
}

/* Fault 20. An entry that is left out still replaces an earlier entry of the same name. */
TEST_F (Unpack, RemovesWhatIsReplacedByWhatItLeavesOut)
{
  TarHeader device;
  Tar tar;

  device.name = "a/b";
  device.type = '3';
  tar.dir ("a").file ("a/b", "secret").file ("a/c", "x").add (device);
  ASSERT_TRUE (unpack (tar.end ().bytes)) << error.message ();
  EXPECT_FALSE (fs::exists (root () / "a/b"));
  EXPECT_TRUE (fs::exists (root () / "a/c"));
}

/* Fault 20. */
TEST_F (Unpack, CountsAttributesThatItDoesNotKeep)
{
  Tar tar;

  tar.pax ({{"SCHILY.xattr.trusted.overlay.opaque", "y"}, {"SCHILY.xattr.security.selinux", "l"}});
  tar.file ("f", "x").pax (
      {{"SCHILY.acl.access", "user::rw-,user:12:r--,group::r--,mask::r--,other::r--"}});
  tar.file ("g", "x");
  ASSERT_TRUE (unpack (tar.end ().bytes)) << error.message ();
  EXPECT_EQ (result.info.left_out.counts[QUILT_LEFT_OUT_XATTR], 2u);
  EXPECT_EQ (result.info.left_out.counts[QUILT_LEFT_OUT_ACL], 1u);
  EXPECT_EQ (quilt_left_out_total (&result.info.left_out), 3u);
}

/* Fault 20. */
TEST_F (Unpack, SeesARootBelowASingleDirectory)
{
  ASSERT_TRUE (unpack (Tar ().dir ("rootfs").dir ("rootfs/etc").end ().bytes));
  EXPECT_TRUE (result.info.nested);
  ASSERT_TRUE (unpack (Tar ().dir ("usr").dir ("usr/bin").end ().bytes));
  EXPECT_FALSE (result.info.nested);
  ASSERT_TRUE (unpack (Tar ().dir ("nix").dir ("nix/store").end ().bytes));
  EXPECT_FALSE (result.info.nested);
}

/* Wherever it is cut, and that it is cut is said. */
TEST_F (Unpack, NoticesEachCut)
{
  std::string good = small_root ();
  std::string packed = compress (good, archive_write_add_filter_gzip);

  for (size_t length = 1; length <= good.size () - 1024; length += 256) {
    ASSERT_FALSE (unpack (good.substr (0, length))) << length;
    EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "")) << length;
  }
  for (size_t length = 1; length < packed.size (); length++) {
    ASSERT_FALSE (unpack (packed.substr (0, length))) << length;
    EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "")) << length;
  }
}

TEST_F (Unpack, KeepsToItsLimits)
{
  Tar many;
  Tar large;

  limits.max_entries = 1000;
  limits.max_bytes = 16 << 20;
  for (int i = 0; i < 1001; i++)
    many.file ("f" + std::to_string (i), "");
  ASSERT_FALSE (unpack (many.end ().bytes));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "1000 entries"));
  ASSERT_FALSE (unpack (compress (large.file ("zeros", std::string (17 << 20, '\0')).end ().bytes,
                                  archive_write_add_filter_bzip2)));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "16777216 bytes"));
  /* Not a single file, only zeros behind the end, from a kilobyte. */
  ASSERT_FALSE (unpack (
      compress (small_root () + std::string (17 << 20, '\0'), archive_write_add_filter_bzip2)));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "16777216 bytes"));
}

TEST_F (Unpack, StopsAtAFullDisk)
{
  std::string mount = (path / "layers").string ();
  Tar tar;

  if (unshare (CLONE_NEWNS) < 0 ||
      ::mount ("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      ::mount ("quilt-test", mount.c_str (), "tmpfs", 0, "size=4m,nr_inodes=100") < 0)
    GTEST_SKIP () << "needs root";
  close (layers);
  layers = open (mount.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_FALSE (unpack (tar.file ("large", std::string (5 << 20, 'x')).end ().bytes));
  EXPECT_TRUE (error.is (QUILT_ERROR_NO_SPACE, "large"));
  EXPECT_EQ (leftovers (), 0);
  tar = Tar ();
  for (int i = 0; i < 200; i++)
    tar.file ("f" + std::to_string (i), "");
  EXPECT_FALSE (unpack (tar.end ().bytes));
  EXPECT_TRUE (error.is (QUILT_ERROR_NO_SPACE, ""));
  EXPECT_EQ (leftovers (), 0);
  EXPECT_TRUE (unpack (small_root ())) << error.message ();
  forget ();
  close (layers);
  EXPECT_EQ (umount2 (mount.c_str (), MNT_DETACH), 0);
  layers = open (mount.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

TEST_F (Unpack, RefusesWhatCanNotBeRead)
{
  const struct {
    const char *path;
    int flags;
  } cases[] = {
      {"/", O_RDONLY | O_DIRECTORY},
      {"/dev/zero", O_RDONLY},
      {"/dev/null", O_RDONLY},
      {"file", O_WRONLY},
      {"file", O_PATH},
  };

  for (const auto &c : cases) {
    int fd = open ((outside / c.path).c_str (), c.flags | O_CLOEXEC);

    ASSERT_GE (fd, 0);
    EXPECT_FALSE (unpack_fd (fd)) << c.path;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "archive"));
    EXPECT_EQ (leftovers (), 0);
    close (fd);
  }
}
