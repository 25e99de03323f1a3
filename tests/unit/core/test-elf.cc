/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of ELF files: what honest programs need, and nothing worse than that of others. */
#include <glib.h>
#include <gtest/gtest.h>

#include "elf-file.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

extern "C" {
#include "core/program/elf.h"
}

static gboolean
read_string (gpointer data, guint64 offset, gpointer buffer, gsize length)
{
  const std::string *file = static_cast<const std::string *> (data);

  if (offset > file->size () || length > file->size () - offset)
    return FALSE;
  memcpy (buffer, file->data () + offset, length);
  return TRUE;
}

static std::string
ourselves ()
{
  std::ostringstream text;

  text << std::ifstream ("/proc/self/exe", std::ios::binary).rdbuf ();
  return text.str ();
}

static std::vector<std::string>
needed (const QuiltElf &elf)
{
  std::vector<std::string> names;

  for (guint i = 0; i < elf.n_needed; i++)
    names.push_back (elf.strings + elf.needed[i]);
  return names;
}

static std::string
make_elf (const std::vector<std::string> &names, const std::string &runpath)
{
  ElfFile file;

  file.needed = names;
  file.runpath = runpath;
  return file.make ();
}

TEST (ElfTest, AnHonestProgram)
{
  std::string file = ourselves ();
  QuiltElf elf;

  ASSERT_TRUE (quilt_elf_read (read_string, &file, &elf));
  EXPECT_TRUE (elf.native);
  EXPECT_EQ (std::string (elf.interpreter).find ("/lib"), 0u);
  auto names = needed (elf);
  EXPECT_NE (std::find (names.begin (), names.end (), "libc.so.6"), names.end ());
}

TEST (ElfTest, ReadsInterpreterLibrariesAndRunpath)
{
  std::string file = make_elf ({"libone.so", "libtwo.so.2", ""}, "$ORIGIN/../lib:/opt");
  QuiltElf elf;

  if (sizeof (void *) != 8)
    GTEST_SKIP () << "made for 64 bits";
  ASSERT_TRUE (quilt_elf_read (read_string, &file, &elf));
  ASSERT_TRUE (elf.native);
  EXPECT_STREQ (elf.interpreter, "/lib/ld-test.so");
  EXPECT_STREQ (elf.runpath, "$ORIGIN/../lib:/opt");
  EXPECT_STREQ (elf.rpath, "");
  EXPECT_EQ (needed (elf), (std::vector<std::string>{"libone.so", "libtwo.so.2"}));
}

TEST (ElfTest, TooMuchIsLeftOut)
{
  std::vector<std::string> names;
  QuiltElf elf;

  for (int i = 0; i < 200; i++)
    names.push_back ("lib" + std::to_string (i) + ".so");
  std::string many = make_elf (names, "");
  ASSERT_TRUE (quilt_elf_read (read_string, &many, &elf));
  EXPECT_EQ (elf.n_needed, G_N_ELEMENTS (elf.needed));
  EXPECT_EQ (needed (elf).back (), "lib63.so");

  std::string longish = make_elf ({std::string (300, 'x'), "libshort.so"}, std::string (5000, 'r'));
  ASSERT_TRUE (quilt_elf_read (read_string, &longish, &elf));
  EXPECT_EQ (needed (elf), std::vector<std::string>{"libshort.so"});
  EXPECT_STREQ (elf.runpath, "");

  std::string big = make_elf (std::vector<std::string> (64, std::string (250, 'y')), "");
  ASSERT_TRUE (quilt_elf_read (read_string, &big, &elf));
  EXPECT_EQ (elf.n_needed, sizeof elf.strings / 251);
}

/* All that a visitor is told, as "kind name". */
struct Visit {
  std::vector<std::string> names;
  QuiltElf elf;
  gboolean read;
};

static Visit
visit (std::string file, gsize room = 65536, guint entries = 10000)
{
  static const char *const kinds[] = {"needed", "soname", "rpath", "runpath"};
  std::vector<char> buffer (room);
  Visit result = {};
  const QuiltElfVisitor visitor = {[] (gpointer data, QuiltElfName kind, const char *name) {
                                     static_cast<Visit *> (data)->names.push_back (
                                         std::string (kinds[kind]) + " " + name);
                                   },
                                   &result, buffer.data (), room, entries};

  result.read = quilt_elf_visit (read_string, &file, &visitor, &result.elf);
  return result;
}

TEST (ElfTest, AVisitorGetsAllNames)
{
  ElfFile file;

  for (int i = 0; i < 1000; i++)
    file.needed.push_back ("lib" + std::to_string (i) + ".so");
  file.soname = "libself.so";
  file.rpath = std::string (5000, 'r');
  file.flags = DF_1_NODEFLIB;
  Visit all = visit (file.make ());
  ASSERT_TRUE (all.read);
  ASSERT_EQ (all.names.size (), 1002u);
  EXPECT_EQ (all.names[999], "needed lib999.so");
  EXPECT_EQ (all.names[1000], "soname libself.so");
  EXPECT_EQ (all.names[1001], "rpath " + file.rpath);
  EXPECT_TRUE (all.elf.no_defaults);
  EXPECT_FALSE (all.elf.cut);
  EXPECT_FALSE (all.elf.damaged);
  EXPECT_EQ (all.elf.type, ET_DYN);
  EXPECT_EQ (all.elf.bits, 64);

  EXPECT_TRUE (visit (file.make (), 1024).elf.cut);
  EXPECT_EQ (visit (file.make (), 65536, 10).names.size (), 0u); /* no string table among these */
  EXPECT_TRUE (visit (file.make (), 65536, 10).elf.cut);
}

TEST (ElfTest, DamagedOnes)
{
  const std::string good = ElfFile{{"libone.so"}}.make ();
  std::string broken = good;

  EXPECT_FALSE (visit (good).elf.damaged);
  for (size_t i = sizeof (ElfW (Ehdr)); i < good.size (); i++)
    EXPECT_TRUE (visit (good.substr (0, i)).elf.damaged) << i;
  broken[offsetof (ElfW (Ehdr), e_phnum)] = 0;
  EXPECT_TRUE (visit (broken).elf.damaged);
  broken = good;
  broken[offsetof (ElfW (Ehdr), e_phentsize)] = 1;
  EXPECT_TRUE (visit (broken).elf.damaged);
  EXPECT_FALSE (visit (broken).elf.native);
  broken = good;
  broken[good.find ("/lib/ld-test.so") + 15] = 'x'; /* a name without an end */
  EXPECT_TRUE (visit (broken).elf.damaged);
}

TEST (ElfTest, OtherMachines)
{
  std::string file = make_elf ({"lib.so"}, "");
  QuiltElf elf;

  file[18] = (char)EM_AARCH64;
  ASSERT_TRUE (quilt_elf_read (read_string, &file, &elf));
  EXPECT_EQ (elf.machine, EM_AARCH64);
#if defined(__x86_64__)
  EXPECT_FALSE (elf.native);
  EXPECT_EQ (elf.n_needed, 0u);
#endif
  file[EI_DATA] = ELFDATA2MSB;
  ASSERT_TRUE (quilt_elf_read (read_string, &file, &elf));
  EXPECT_FALSE (elf.native);
  EXPECT_EQ (elf.machine, 0);
  EXPECT_STREQ (quilt_elf_machine_name (EM_AARCH64), "ARM64");
  EXPECT_EQ (quilt_elf_machine_name (0), nullptr);
}

TEST (ElfTest, RefusesOtherFilesAndLeavesTheResultUntouched)
{
  for (std::string file : {std::string (), std::string ("#!/bin/sh\n"),
                           std::string ("\x7f"
                                        "ELF"),
                           std::string (64, '\0')}) {
    QuiltElf elf;

    memset (&elf, 0x5a, sizeof elf);
    EXPECT_FALSE (quilt_elf_read (read_string, &file, &elf));
    EXPECT_EQ (elf.interpreter[0], 0x5a);
  }
}

/* Each byte of what the reader looks at, wrong in several ways; and every length. Under a sanitizer
 * this shows what it reads. */
TEST (ElfTest, BrokenOnesAreBounded)
{
  const std::string good = make_elf ({"libone.so", "libtwo.so"}, "/run");
  QuiltElf elf;

  for (size_t i = 0; i < good.size (); i++) {
    std::string shorter = good.substr (0, i);

    quilt_elf_read (read_string, &shorter, &elf);
    for (int value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string broken = good;

      broken[i] = (char)value;
      if (!quilt_elf_read (read_string, &broken, &elf))
        continue;
      EXPECT_LE (elf.n_needed, G_N_ELEMENTS (elf.needed));
      for (const std::string &name : needed (elf))
        EXPECT_LT (name.size (), 256u);
    }
  }
}
