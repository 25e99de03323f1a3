/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of ELF files: what honest programs need, and nothing worse than that of others. */
#include <glib.h>
#include <gtest/gtest.h>

#include <elf.h>
#include <link.h>

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

/* A program with one segment that holds all, an interpreter, and a table of what it needs. */
static std::string
make_elf (const std::vector<std::string> &names, const std::string &runpath)
{
  std::string strings (1, '\0'), file;
  std::vector<ElfW (Dyn)> dynamic;
  ElfW (Ehdr) header = {};
  ElfW (Phdr) segments[3] = {};
  const std::string loader = "/lib/ld-test.so";
  const size_t at = sizeof header + sizeof segments;
  auto add = [&] (ElfW (Sxword) tag, ElfW (Xword) value) {
    ElfW (Dyn) entry = {};

    entry.d_tag = tag;
    entry.d_un.d_val = value;
    dynamic.push_back (entry);
  };

  for (const std::string &name : names) {
    add (DT_NEEDED, strings.size ());
    strings += name + std::string (1, '\0');
  }
  if (!runpath.empty ()) {
    add (DT_RUNPATH, strings.size ());
    strings += runpath + std::string (1, '\0');
  }
  add (DT_STRTAB, 0x400000 + at + loader.size () + 1);
  add (DT_STRSZ, strings.size ());
  add (DT_NULL, 0);
  memcpy (header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phnum = 3;
  header.e_phentsize = sizeof segments[0];
  segments[0].p_type = PT_LOAD;
  segments[0].p_vaddr = 0x400000;
  segments[1].p_type = PT_INTERP;
  segments[1].p_offset = at;
  segments[1].p_filesz = loader.size () + 1;
  segments[2].p_type = PT_DYNAMIC;
  segments[2].p_offset = at + loader.size () + 1 + strings.size ();
  segments[2].p_filesz = dynamic.size () * sizeof dynamic[0];
  segments[0].p_filesz = segments[2].p_offset + segments[2].p_filesz;
  file.append ((const char *)&header, sizeof header);
  file.append ((const char *)segments, sizeof segments);
  file += loader + std::string (1, '\0') + strings;
  file.append ((const char *)dynamic.data (), segments[2].p_filesz);
  return file;
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

TEST (ElfTest, WhatItNamesIsRead)
{
  std::string file = make_elf ({"libone.so", "libtwo.so.2", ""}, "$ORIGIN/../lib:/opt");
  QuiltElf elf;

  if (sizeof (void *) != 8 || !quilt_elf_machine_name (EM_X86_64))
    GTEST_SKIP () << "made for x86-64";
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

TEST (ElfTest, WhatIsNoneIsLeftUntouched)
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
