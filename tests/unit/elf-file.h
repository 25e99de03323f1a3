/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes ELF files for tests: one segment that holds all, and a table of what the file needs. */
#pragma once

#include <elf.h>
#include <link.h>

#include <cstring>
#include <string>
#include <vector>

#if defined(__aarch64__)
#define ELF_FILE_MACHINE EM_AARCH64
#elif defined(__riscv)
#define ELF_FILE_MACHINE EM_RISCV
#else
#define ELF_FILE_MACHINE EM_X86_64
#endif

struct ElfFile {
  std::vector<std::string> needed = {};
  std::string interpreter = "/lib/ld-test.so"; /* empty: none */
  std::string rpath = "", runpath = "", soname = "";
  ElfW (Xword) flags = 0; /* DT_FLAGS_1 */
  ElfW (Half) type = ET_DYN, machine = ELF_FILE_MACHINE;

  std::string make () const
  {
    std::string strings (1, '\0'), file;
    std::vector<ElfW (Dyn)> dynamic;
    ElfW (Ehdr) header = {};
    ElfW (Phdr) segments[3] = {};
    const size_t at = sizeof header + sizeof segments;
    const size_t strings_at = at + interpreter.size () + 1;
    auto add = [&] (ElfW (Sxword) tag, ElfW (Xword) value) {
      ElfW (Dyn) entry = {};

      entry.d_tag = tag;
      entry.d_un.d_val = value;
      dynamic.push_back (entry);
    };
    auto add_string = [&] (ElfW (Sxword) tag, const std::string &text) {
      add (tag, strings.size ());
      strings += text + std::string (1, '\0');
    };

    for (const std::string &name : needed)
      add_string (DT_NEEDED, name);
    if (!soname.empty ())
      add_string (DT_SONAME, soname);
    if (!rpath.empty ())
      add_string (DT_RPATH, rpath);
    if (!runpath.empty ())
      add_string (DT_RUNPATH, runpath);
    if (flags != 0)
      add (DT_FLAGS_1, flags);
    add (DT_STRTAB, 0x400000 + strings_at);
    add (DT_STRSZ, strings.size ());
    add (DT_NULL, 0);
    memcpy (header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = type;
    header.e_machine = machine;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_phnum = 3;
    header.e_phentsize = sizeof segments[0];
    segments[0].p_type = PT_LOAD;
    segments[0].p_vaddr = 0x400000;
    segments[1].p_type = interpreter.empty () ? PT_NULL : PT_INTERP;
    segments[1].p_offset = at;
    segments[1].p_filesz = interpreter.size () + 1;
    segments[2].p_type = PT_DYNAMIC;
    segments[2].p_offset = strings_at + strings.size ();
    segments[2].p_filesz = dynamic.size () * sizeof dynamic[0];
    segments[0].p_filesz = segments[2].p_offset + segments[2].p_filesz;
    file.append ((const char *)&header, sizeof header);
    file.append ((const char *)segments, sizeof segments);
    file += interpreter + std::string (1, '\0') + strings;
    file.append ((const char *)dynamic.data (), segments[2].p_filesz);
    return file;
  }
};
