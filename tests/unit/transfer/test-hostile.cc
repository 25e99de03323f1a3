/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives that mean harm: refused, or contained. The fixture sees that nothing outside has changed
 * and that nothing of a refused one is left. */
#include "fixture.h"

#include <functional>
#include <sys/xattr.h>

struct Case {
  const char *name;
  std::function<void (Tar &tar, const std::string &outside)> build;
  int error; /* -1: it unpacks */
  const char *says;
  std::function<void (const fs::path &root)> check;
};

static void
PrintTo (const Case &c, std::ostream *out)
{
  *out << c.name;
}

class Hostile : public Layers, public testing::WithParamInterface<Case>
{
};

TEST_P (Hostile, IsRefusedOrContained)
{
  const Case &c = GetParam ();
  Tar tar;

  c.build (tar, outside.string ());
  bool ok = unpack (tar.end ().bytes);
  if (c.error >= 0) {
    ASSERT_FALSE (ok);
    EXPECT_TRUE (error.is (c.error, c.says));
    EXPECT_EQ (result.digest, nullptr);
  } else {
    ASSERT_TRUE (ok) << error.message ();
    if (c.check)
      c.check (root ());
  }
}

static bool
is_symlink_to (const fs::path &path, const std::string &target)
{
  return fs::is_symlink (path) && fs::read_symlink (path) == target;
}

#define BAD QUILT_ERROR_BAD_ARCHIVE

static const Case link_cases[] = {
    {"absolute_name", [] (Tar &t, const std::string &outside) { t.file ("//etc/new", "x"); }, -1,
     nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "etc/new"), "x"); }},
    {"upward_name", [] (Tar &t, const std::string &outside) { t.file ("../new", "x"); }, BAD,
     "'..'", nullptr},
    {"upward_name_inside",
     [] (Tar &t, const std::string &outside) { t.dir ("a").file ("a/../../new", "x"); }, BAD,
     "'..'", nullptr},
    {"upward_name_at_end", [] (Tar &t, const std::string &outside) { t.dir ("a/.."); }, BAD, "'..'",
     nullptr},
    {"write_through_absolute_link",
     [] (Tar &t, const std::string &outside) { t.symlink ("l", outside).file ("l/new", "x"); }, BAD,
     "l/new", nullptr},
    {"write_through_upward_link",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("l", "../../../../.." + outside).file ("l/new", "x");
     },
     BAD, "l/new", nullptr},
    {"write_through_chain",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("a", "/").symlink ("b", "a/..").symlink ("c", "b/../../../..");
       t.file ("c/new", "x");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "new"), "x"); }},
    {"loop",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("a", "b").symlink ("b", "a").file ("a/x", "x");
     },
     BAD, "a/x", nullptr},
    {"override_link_by_file",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("l", outside + "/file").file ("l", "mine");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       EXPECT_FALSE (fs::is_symlink (root / "l"));
       EXPECT_EQ (read_file (root / "l"), "mine");
     }},
    {"override_link_by_directory",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("l", outside + "/dir").dir ("l", 0777).file ("l/file", "mine");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       EXPECT_FALSE (fs::is_symlink (root / "l"));
       EXPECT_EQ (read_file (root / "l/file"), "mine");
     }},
    {"override_directory_by_link",
     [] (Tar &t, const std::string &outside) {
       t.dir ("l").file ("l/a", "a").symlink ("l", outside + "/dir").file ("l/file", "x");
     },
     BAD, "l/file", nullptr},
    {"override_back_and_forth",
     [] (Tar &t, const std::string &outside) {
       t.dir ("l").file ("l/file", "1").symlink ("l", outside + "/dir").dir ("l", 0777);
       t.file ("l/file", "2");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "l/file"), "2"); }},
    {"hardlink_to_outside",
     [] (Tar &t, const std::string &outside) { t.hardlink ("h", outside + "/file"); }, BAD,
     "hard link", nullptr},
    {"hardlink_upward",
     [] (Tar &t, const std::string &outside) { t.hardlink ("h", "../../../outside/file"); }, BAD,
     "'..'", nullptr},
    {"hardlink_through_link",
     [] (Tar &t, const std::string &outside) { t.symlink ("l", outside).hardlink ("h", "l/file"); },
     BAD, "hard link", nullptr},
    {"hardlink_to_link_then_write",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("l", outside + "/file").hardlink ("h", "l").file ("h", "mine");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "h"), "mine"); }},
    {"hardlink_with_data",
     [] (Tar &t, const std::string &outside) {
       t.file ("a", "old")
           .pax ({{"comment", "may have data"}})
           .hardlink ("h", "a", "new and longer");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       EXPECT_EQ (read_file (root / "a"), "old");
       EXPECT_EQ (fs::hard_link_count (root / "a"), 2u);
     }},
    {"hardlink_to_itself",
     [] (Tar &t, const std::string &outside) { t.file ("a", "data").hardlink ("a", "a"); }, -1,
     nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "a"), "data"); }},
    {"hardlink_to_missing",
     [] (Tar &t, const std::string &outside) { t.hardlink ("h", "nothing"); }, BAD, "nothing",
     nullptr},
    {"hardlink_to_directory",
     [] (Tar &t, const std::string &outside) { t.dir ("d").hardlink ("h", "d"); }, BAD, "hard link",
     nullptr},
    {"hardlink_to_root", [] (Tar &t, const std::string &outside) { t.hardlink ("h", "/"); }, BAD,
     "hard link", nullptr},
    {"hardlink_over_its_directory",
     [] (Tar &t, const std::string &outside) { t.file ("d/f", "x").hardlink ("d", "d/f"); }, BAD,
     "'d'", nullptr},
    {"chmod_through_link",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("l", outside + "/dir").dir ("l/", 07777);
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_FALSE (fs::is_symlink (root / "l")); }},
    {"fifo_over_link",
     [] (Tar &t, const std::string &outside) {
       t.symlink ("l", outside + "/file").link ('6', "l", "");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_TRUE (fs::is_fifo (root / "l")); }},
    {"parent_is_file",
     [] (Tar &t, const std::string &outside) { t.file ("f", "x").file ("f/x", "x"); }, BAD, "f/x",
     nullptr},
    {"root_is_link",
     [] (Tar &t, const std::string &outside) { t.symlink ("./", outside).file ("new", "x"); }, BAD,
     "root", nullptr},
    {"root_is_file", [] (Tar &t, const std::string &outside) { t.file (".", "x"); }, BAD, "root",
     nullptr},
    {"root_is_hardlink",
     [] (Tar &t, const std::string &outside) { t.file ("a", "x").hardlink (".", "a"); }, BAD,
     "root", nullptr},
    {"rootfs_then_link",
     [] (Tar &t, const std::string &outside) {
       t.dir ("rootfs/").symlink ("rootfs", "/").file ("rootfs/new", "x");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "new"), "x"); }},
    {"passwd_is_link",
     [] (Tar &t, const std::string &outside) {
       t.dir ("etc").symlink ("etc/passwd", outside + "/file");
     },
     -1, nullptr,
     [] (const fs::path &root) { EXPECT_TRUE (fs::is_symlink (root / "etc/passwd")); }},
    {"usrmerge",
     [] (Tar &t, const std::string &outside) {
       t.dir ("usr/lib").symlink ("lib", "usr/lib").file ("lib/so", "x");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       EXPECT_TRUE (is_symlink_to (root / "lib", "usr/lib"));
       EXPECT_EQ (read_file (root / "usr/lib/so"), "x");
     }},
    {"usrmerge_absolute",
     [] (Tar &t, const std::string &outside) {
       t.dir ("usr/lib").symlink ("lib", "/usr/lib").file ("lib/so", "x");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "usr/lib/so"), "x"); }},
};

static const Case name_cases[] = {
    {"empty_name", [] (Tar &t, const std::string &outside) { t.file ("", "x"); }, BAD, "no name",
     nullptr},
    {"slashes_and_dots", [] (Tar &t, const std::string &outside) { t.file ("././/a//./b", "x"); },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "a/b"), "x"); }},
    {"long_pax_name",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"path", std::string (64 * 1024, 'n')}}).file ("short", "x");
     },
     BAD, "longer than 255", nullptr},
    {"long_pax_path",
     [] (Tar &t, const std::string &outside) {
       std::string name;
       for (int i = 0; i < 250; i++)
         name += std::string (250, 'n') + "/";
       t.pax ({{"path", name}}).file ("short", "x");
     },
     BAD, "longer than 4095", nullptr},
    {"deep",
     [] (Tar &t, const std::string &outside) {
       std::string name;
       for (int i = 0; i < 100000; i++)
         name += "d/";
       t.pax ({{"path", name}}).file ("short", "x");
     },
     BAD, "deeper than 256", nullptr},
    {"nul_in_pax_path",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"path", std::string ("safe\0/../../evil", 16)}}).file ("short", "x");
     },
     -1, nullptr, [] (const fs::path &root) { EXPECT_TRUE (fs::exists (root / "safe")); }},
    {"upward_pax_path",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"path", "../evil"}}).file ("short", "x");
     },
     BAD, "'..'", nullptr},
    {"upward_long_name",
     [] (Tar &t, const std::string &outside) { t.special ('L', "../evil").file ("short", "x"); },
     BAD, "'..'", nullptr},
    {"huge_long_name",
     [] (Tar &t, const std::string &outside) {
       t.special ('L', std::string (8 << 20, 'n')).file ("short", "x");
     },
     BAD, "", nullptr},
    {"long_link_target",
     [] (Tar &t, const std::string &outside) {
       t.special ('K', std::string (5000, 't')).symlink ("l", "t");
     },
     BAD, "'l'", nullptr},
    {"link_to_nothing", [] (Tar &t, const std::string &outside) { t.symlink ("l", ""); }, BAD,
     "'l'", nullptr},
    {"bytes_that_are_no_text",
     [] (Tar &t, const std::string &outside) { t.file ("\xff\xfe\x1b[31m\n", "x"); }, -1, nullptr,
     [] (const fs::path &root) { EXPECT_EQ (read_file (root / "\xff\xfe\x1b[31m\n"), "x"); }},
    {"bytes_that_are_no_text_in_pax",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"path", "p\xff\xfe\xc3\xa4"}}).file ("short", "x");
     },
     -1, nullptr,
     [] (const fs::path &root) { EXPECT_EQ (read_file (root / "p\xff\xfe\xc3\xa4"), "x"); }},
    {"bytes_that_are_no_text_in_an_error",
     [] (Tar &t, const std::string &outside) { t.file ("\xff\x1b[31m\n/../x", "x"); }, BAD, "\\xff",
     nullptr},
    {"whiteout_of_directory", [] (Tar &t, const std::string &outside) { t.file ("a/.wh.", ""); },
     BAD, "hide", nullptr},
    {"whiteout_of_dot", [] (Tar &t, const std::string &outside) { t.file ("a/.wh..", ""); }, BAD,
     "hide", nullptr},
    {"whiteout_of_parent", [] (Tar &t, const std::string &outside) { t.file ("a/.wh...", ""); },
     BAD, "hide", nullptr},
    {"whiteout_of_root", [] (Tar &t, const std::string &outside) { t.file (".wh.", ""); }, BAD,
     "hide", nullptr},
    {"whiteout_of_parent_as_directory",
     [] (Tar &t, const std::string &outside) { t.dir ("a/.wh.../x"); }, BAD, "hide", nullptr},
    {"whiteouts",
     [] (Tar &t, const std::string &outside) {
       t.dir ("a").file ("a/x", "x").file ("a/.wh.x", "").file ("a/.wh..wh..opq", "");
       t.file ("none/.wh.y", "").dir (".wh.d").file (".wh.d/z", "z").file (".wh....", "");
       t.symlink ("l", outside).file ("l/.wh.file", "");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       EXPECT_EQ (read_file (root / "a/x"), "x");
       EXPECT_FALSE (fs::exists (root / "a/.wh.x"));
       EXPECT_FALSE (fs::exists (root / "none"));
       EXPECT_FALSE (fs::exists (root / ".wh.d"));
     }},
};

static TarHeader
with (const char *name, const std::function<void (TarHeader &)> &change)
{
  TarHeader header;

  header.name = name;
  change (header);
  return header;
}

static const Case field_cases[] = {
    {"uid_too_large",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.uid = INT64_C (1) << 31; }));
     },
     BAD, "owner", nullptr},
    {"uid_none",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.uid = 4294967295; }));
     },
     BAD, "owner", nullptr},
    {"gid_negative",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.gid = -1; }));
     },
     BAD, "owner", nullptr},
    {"uid_in_pax",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"uid", "99999999999"}}).file ("f", "x");
     },
     BAD, "owner", nullptr},
    {"size_negative",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.size = -512; }));
     },
     BAD, "", nullptr},
    {"size_huge",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.size = INT64_C (1) << 62; }));
     },
     QUILT_ERROR_QUOTA_EXCEEDED, "allowed", nullptr},
    {"size_beyond_the_end",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.size = 1 << 20; }), "x");
     },
     BAD, "cut off", nullptr},
    {"time_negative",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.mtime = -86400; }));
     },
     -1, nullptr,
     [] (const fs::path &root) {
       struct stat st;
       ASSERT_EQ (stat ((root / "f").c_str (), &st), 0);
       EXPECT_EQ (st.st_mtime, 0);
     }},
    {"time_far",
     [] (Tar &t, const std::string &outside) {
       t.add (with ("f", [] (TarHeader &h) { h.mtime = INT64_MAX / 2; }));
     },
     -1, nullptr, nullptr},
    {"sparse_over_the_limit",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"GNU.sparse.major", "1"},
               {"GNU.sparse.minor", "0"},
               {"GNU.sparse.name", "s"},
               {"GNU.sparse.realsize", std::to_string (INT64_C (1) << 40)}});
       t.file ("short", std::string ("1\n0\n1\n") + std::string (506, '\0') + "x");
     },
     QUILT_ERROR_QUOTA_EXCEEDED, "allowed", nullptr},
    {"sparse",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"GNU.sparse.major", "1"},
               {"GNU.sparse.minor", "0"},
               {"GNU.sparse.name", "s"},
               {"GNU.sparse.realsize", std::to_string (INT64_C (1) << 33)}});
       t.file ("short", std::string ("1\n1000\n1\n") + std::string (503, '\0') + "x");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       struct stat st;
       char c = 0;
       ASSERT_EQ (stat ((root / "s").c_str (), &st), 0);
       EXPECT_EQ (st.st_size, INT64_C (1) << 33);
       EXPECT_LT (st.st_blocks, 64);
       std::ifstream file (root / "s");
       file.seekg (1000);
       file.get (c);
       EXPECT_EQ (c, 'x');
     }},
    {"sparse_backwards",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"GNU.sparse.major", "1"},
               {"GNU.sparse.minor", "0"},
               {"GNU.sparse.name", "s"},
               {"GNU.sparse.realsize", "4096"}});
       t.file ("short", std::string ("2\n1000\n1\n10\n1\n") + std::string (498, '\0') + "xy");
     },
     BAD, "", nullptr},
    {"device_nodes",
     [] (Tar &t, const std::string &outside) {
       for (char type : {'3', '4'})
         t.add (with (type == '3' ? "char" : "block", [type] (TarHeader &h) { h.type = type; }));
       t.file ("f", "x");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       EXPECT_FALSE (fs::exists (root / "char"));
       EXPECT_FALSE (fs::exists (root / "block"));
     }},
    {"setuid_file",
     [] (Tar &t, const std::string &outside) { t.file ("su", "x", 06755).dir ("sticky", 03777); },
     -1, nullptr,
     [] (const fs::path &root) {
       struct stat st;
       ASSERT_EQ (stat ((root / "su").c_str (), &st), 0);
       EXPECT_EQ (st.st_mode & 07777, 06755u);
       ASSERT_EQ (stat ((root / "sticky").c_str (), &st), 0);
       EXPECT_EQ (st.st_mode & 07777, 03777u);
       /* Other users can't get this far. */
       ASSERT_EQ (stat (root.parent_path ().c_str (), &st), 0);
       EXPECT_EQ (st.st_mode & 07777, 0700u);
     }},
    {"overlay_xattrs",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"SCHILY.xattr.trusted.overlay.opaque", "y"},
               {"SCHILY.xattr.user.overlay.redirect", "/"},
               {"SCHILY.xattr.security.selinux", "x"},
               {"SCHILY.xattr.user.mine", "kept"}});
       t.dir ("d");
     },
     -1, nullptr,
     [] (const fs::path &root) {
       std::string names (1000, '\0');
       ssize_t n = listxattr ((root / "d").c_str (), names.data (), names.size ());
       names.resize (n > 0 ? (size_t)n : 0);
       EXPECT_EQ (names.find ("overlay"), std::string::npos);
       EXPECT_EQ (names.find ("selinux"), std::string::npos);
       if (n > 0) {
         EXPECT_STREQ (names.c_str (), "user.mine");
       }
     }},
    {"huge_xattr",
     [] (Tar &t, const std::string &outside) {
       t.pax ({{"SCHILY.xattr.user.huge", std::string (70000, 'x')}}).file ("f", "x");
     },
     BAD, "64 KiB", nullptr},
    {"many_xattrs",
     [] (Tar &t, const std::string &outside) {
       std::vector<std::pair<std::string, std::string>> all;
       for (int i = 0; i < 65; i++)
         all.push_back ({"SCHILY.xattr.user.x" + std::to_string (i), "x"});
       t.pax (all).file ("f", "x");
     },
     BAD, "64 extended", nullptr},
    {"passwd_is_fifo",
     [] (Tar &t, const std::string &outside) { t.dir ("etc").link ('6', "etc/passwd", ""); }, -1,
     nullptr, [] (const fs::path &root) { EXPECT_TRUE (fs::is_fifo (root / "etc/passwd")); }},
    {"file_over_directory",
     [] (Tar &t, const std::string &outside) { t.file ("d/e/f", "x").file ("d", "file"); }, -1,
     nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "d"), "file"); }},
    {"directory_over_file",
     [] (Tar &t, const std::string &outside) { t.file ("d", "file").file ("x", "").dir ("d"); }, -1,
     nullptr, [] (const fs::path &root) { EXPECT_TRUE (fs::is_directory (root / "d")); }},
    {"file_over_file",
     [] (Tar &t, const std::string &outside) { t.file ("f", "long and old").file ("f", "new"); },
     -1, nullptr, [] (const fs::path &root) { EXPECT_EQ (read_file (root / "f"), "new"); }},
    {"oci_layout",
     [] (Tar &t, const std::string &outside) {
       t.file ("oci-layout", "{}").file ("index.json", "{}");
     },
     BAD, "OCI", nullptr},
    {"docker_layout",
     [] (Tar &t, const std::string &outside) {
       t.file ("manifest.json", "[]").file ("repositories", "{}");
     },
     BAD, "docker", nullptr},
};

static std::string
case_name (const testing::TestParamInfo<Case> &info)
{
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P (Links, Hostile, testing::ValuesIn (link_cases), case_name);
INSTANTIATE_TEST_SUITE_P (Names, Hostile, testing::ValuesIn (name_cases), case_name);
INSTANTIATE_TEST_SUITE_P (Fields, Hostile, testing::ValuesIn (field_cases), case_name);
