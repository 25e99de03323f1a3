/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacking what an attacker has packed, beside what an attacker has made. */
#include "fixture.h"

class Unpack : public Trees
{
protected:
  void refused (Tar &tar, int code, const std::string &text)
  {
    Error error;

    EXPECT_FALSE (unpack (tar.end ().bytes, error.out ()));
    EXPECT_TRUE (error.is (code, text));
  }
};

TEST_F (Unpack, NamesStayInTheDirectory)
{
  Tar up, hidden, absolute;

  refused (up.file ("../evil", "x"), QUILT_ERROR_BAD_ARCHIVE, "'..'");
  refused (hidden.file ("a/../../evil", "x"), QUILT_ERROR_BAD_ARCHIVE, "'..'");
  EXPECT_TRUE (unpack (absolute.file ("/etc/evil", "x").end ().bytes));
  EXPECT_EQ (read_file (out / "etc/evil"), "x");
  EXPECT_FALSE (fs::exists (dir / "evil"));
}

TEST_F (Unpack, NoLinkIsFollowed)
{
  Tar parent, deep, file, hard, root;

  refused (parent.symlink ("link", in.string ()).file ("link/evil", "x"), QUILT_ERROR_EXISTS,
           "is a link or a file");
  refused (deep.symlink ("other", "../in").dir ("other/sub"), QUILT_ERROR_EXISTS,
           "is a link or a file");
  write_file (in / "victim", "safe");
  EXPECT_TRUE (unpack (file.symlink ("f", (in / "victim").string ()).file ("f", "x").end ().bytes));
  EXPECT_EQ (read_file (in / "victim"), "safe");
  EXPECT_EQ (read_file (out / "f"), "x");
  refused (hard.symlink ("l", in.string ()).hardlink ("h", "l/victim"), QUILT_ERROR_BAD_ARCHIVE,
           "hard link");
  refused (root.symlink ("s", (in / "victim").string ()).hardlink ("t", "s"),
           QUILT_ERROR_BAD_ARCHIVE, "hard link");
  EXPECT_EQ (fs::hard_link_count (in / "victim"), 1u);
  EXPECT_TRUE (fs::exists (in / "victim") && std::distance (fs::directory_iterator (in), {}) == 1);
}

TEST_F (Unpack, DirectoriesAndFilesDoNotReplaceEachOther)
{
  Tar file, directory, again;

  fs::create_directories (out / "d/full");
  fs::create_directory_symlink ("d", out / "link");
  refused (file.file ("d", "x"), QUILT_ERROR_EXISTS, "--overwrite");
  refused (directory.dir ("link"), QUILT_ERROR_EXISTS, "--overwrite");
  settings.overwrite = TRUE;
  EXPECT_TRUE (unpack (again.file ("d", "x").dir ("link").end ().bytes));
  EXPECT_EQ (read_file (out / "d"), "x");
  EXPECT_TRUE (fs::is_directory (fs::symlink_status (out / "link")));
}

TEST_F (Unpack, AnExistingDirectoryKeepsItsMode)
{
  Tar tar;

  fs::create_directory (out / "d");
  fs::permissions (out / "d", fs::perms (0750));
  EXPECT_TRUE (unpack (tar.dir ("d", 0777).file ("d/f", "x").end ().bytes));
  EXPECT_EQ (fs::status (out / "d").permissions (), fs::perms (0750));
}

TEST_F (Unpack, DevicesAreLeftOut)
{
  Tar alone, among;
  TarHeader device;

  device.name = "null";
  device.type = '3';
  device.device_major = 1;
  device.device_minor = 3;
  refused (alone.add (device), QUILT_ERROR_BAD_ARCHIVE, "device node");
  EXPECT_TRUE (unpack (among.file ("a", "x").add (device).end ().bytes));
  EXPECT_FALSE (fs::exists (out / "null"));
  EXPECT_EQ (report.left[QUILT_TAR_LEFT_DEVICE], 2u);
}

TEST_F (Unpack, ModesAreMasked)
{
  Tar tar;

  settings.mode_mask = 01777;
  EXPECT_TRUE (unpack (tar.file ("suid", "x", 06755).end ().bytes));
  EXPECT_EQ (fs::status (out / "suid").permissions (), fs::perms (0755));
}

TEST_F (Unpack, DamagedArchivesAreRefused)
{
  Tar checksum, cut, sparse, pax, type, negative, huge;
  TarHeader header;

  header.name = "f";
  header.bad_checksum = true;
  refused (checksum.add (header), QUILT_ERROR_BAD_ARCHIVE, "not a tar archive");
  header.bad_checksum = false;
  header.size = 5000;
  refused (cut.add (header, "short"), QUILT_ERROR_BAD_ARCHIVE, "cut off");
  header = {};
  header.name = "s";
  header.type = 'S';
  refused (sparse.add (header), QUILT_ERROR_BAD_ARCHIVE, "sparse");
  header.type = 'Q';
  refused (type.add (header), QUILT_ERROR_BAD_ARCHIVE, "type");
  header.type = '0';
  header.size = -1;
  refused (negative.add (header), QUILT_ERROR_BAD_ARCHIVE, "number");
  refused (pax.special ('x', "99 path=a\n").file ("f", ""), QUILT_ERROR_BAD_ARCHIVE, "pax");
  header.size = 2 << 20;
  header.type = 'L';
  refused (huge.add (header), QUILT_ERROR_BAD_ARCHIVE, "larger than a mebibyte");
  EXPECT_TRUE (fs::is_empty (out));
}

TEST_F (Unpack, PaxValuesAreChecked)
{
  const std::vector<std::pair<std::string, std::string>> bad[] = {
      {{"path", std::string ("a\0b", 3)}},
      {{"size", "-1"}},
      {{"size", "9999999999999999999"}},
      {{"uid", "x"}},
      {{"size", ""}},
      {{"GNU.sparse.major", "1"}},
      {{"mtime", "1x"}},
  };
  Error error;

  for (const auto &records : bad) {
    Tar tar;

    EXPECT_FALSE (unpack (tar.pax (records).file ("f", "").end ().bytes, error.out ()));
    EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "pax")) << records[0].first;
  }
  Tar good;
  EXPECT_TRUE (unpack (good.pax ({{"path", "long/name"}, {"mtime", "-5.5"}, {"comment", "x"}})
                           .file ("f", "data")
                           .end ()
                           .bytes,
                       error.out ()))
      << error.message ();
  EXPECT_EQ (read_file (out / "long/name"), "data");
}

TEST_F (Unpack, AnUnfinishedFileHasNoName)
{
  Tar tar;
  TarHeader header;
  Error error;

  header.name = "f";
  header.size = 5000;
  write_file (out / "f", "old");
  EXPECT_FALSE (unpack (tar.add (header, "new").bytes, error.out ()));
  EXPECT_EQ (read_file (out / "f"), "old");
  EXPECT_EQ (std::distance (fs::directory_iterator (out), {}), 1);
}

TEST_F (Unpack, AHardLinkReplacesAnother)
{
  Tar tar;

  write_file (out / "b", "old");
  EXPECT_TRUE (unpack (tar.file ("a", "x").hardlink ("b", "a").hardlink ("b", "a").end ().bytes));
  EXPECT_EQ (read_file (out / "b"), "x");
  EXPECT_EQ (fs::hard_link_count (out / "a"), 2u);
  EXPECT_EQ (std::distance (fs::directory_iterator (out), {}), 2);
}

TEST_F (Unpack, TheTopGetsAnotherName)
{
  Tar tar, single, two;

  EXPECT_TRUE (unpack (tar.dir ("a/").file ("a/f", "x").hardlink ("a/g", "a/f").end ().bytes,
                       nullptr, "new", 1));
  EXPECT_EQ (read_file (out / "new/g"), "x");
  EXPECT_TRUE (unpack (single.file ("f", "y").end ().bytes, nullptr, "file", 1));
  EXPECT_EQ (read_file (out / "file"), "y");
}
