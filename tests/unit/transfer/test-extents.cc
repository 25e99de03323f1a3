/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of files that have data, and their map in a tar archive. */
#include "fixture.h"

extern "C" {
#include "tar/extents.h"
#include "tar/header.h"
}

using Extents = Layers;

static GArray *
find (const std::string &path, guint64 size)
{
  g_autofd int fd = open (path.c_str (), O_RDONLY | O_CLOEXEC);

  return quilt_extents_find (fd, size);
}

static void
put (const std::string &path, off_t at, const std::string &text)
{
  g_autofd int fd = open (path.c_str (), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  EXPECT_EQ (pwrite (fd, text.data (), text.size (), at), (ssize_t)text.size ());
}

TEST_F (Extents, AreThosePartsThatHaveData)
{
  const std::string file = path / "file";

  put (file, 0, "begin");
  put (file, 4 << 20, std::string (8192, 'x'));
  ASSERT_EQ (truncate (file.c_str (), 8 << 20), 0);
  g_autoptr (GArray) extents = find (file, 8 << 20);
  ASSERT_EQ (extents->len, 2u);
  EXPECT_EQ (g_array_index (extents, QuiltExtent, 0).start, 0u);
  EXPECT_EQ (g_array_index (extents, QuiltExtent, 1).start, 4u << 20);
  EXPECT_EQ (g_array_index (extents, QuiltExtent, 1).end, (4u << 20) + 8192);
  EXPECT_TRUE (quilt_extents_are_sparse (extents, 8 << 20));
  EXPECT_FALSE (quilt_extents_are_sparse (extents, quilt_extents_sum (extents) + 1000));
  g_autoptr (GArray) none = find (file, 0), less = find (file, 3 << 20);
  EXPECT_EQ (none->len, 0u);
  EXPECT_EQ (less->len, 1u);
}

TEST_F (Extents, AreNotCountedForEver)
{
  const std::string file = path / "file";
  const guint64 size = UINT64_C (10000) * 65536;

  for (off_t at = 0; at < (off_t)size; at += 65536)
    put (file, at, "x");
  g_autoptr (GArray) extents = find (file, size);
  EXPECT_EQ (extents->len, 4096u);
  EXPECT_EQ (g_array_index (extents, QuiltExtent, 4095).end, size);
}

/* The bytes that are hashed are an archive that other programs can read. */
TEST_F (Extents, AreReadByLibarchive)
{
  const QuiltExtent parts[] = {{4096, 4101}, {1 << 20, (1 << 20) + 7}};
  g_autoptr (GArray) extents = g_array_new (FALSE, FALSE, sizeof (QuiltExtent));
  g_autoptr (GByteArray) out = g_byte_array_new ();
  QuiltTarMember member = {};
  std::string expected (3 << 20, 0);

  g_array_append_vals (extents, parts, 2);
  g_autoptr (GByteArray) map = quilt_extents_encode (extents);
  EXPECT_EQ (map->len, 512u);
  member.type = QUILT_TAR_FILE;
  member.path = const_cast<char *> ("file");
  member.mode = 0644;
  member.sparse_size = 3 << 20;
  member.size = map->len + quilt_extents_sum (extents);
  quilt_tar_encode (&member, out);
  std::string tar (reinterpret_cast<char *> (out->data), out->len);
  tar.append (reinterpret_cast<char *> (map->data), map->len).append ("firstseconds");
  tar.resize (quilt_tar_padded (tar.size ()) + 1024);
  expected.replace (4096, 5, "first").replace (1 << 20, 7, "seconds");
  ASSERT_TRUE (unpack (tar)) << error.message ();
  EXPECT_TRUE (read_file (root () / "file") == expected);
}
