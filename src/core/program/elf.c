/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what an ELF program needs to start, from files that may be hostile. elf(5). */
#include "core/program/elf.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#else
/* No program counts as native then. Nothing is diagnosed, and all programs are tried. */
#define NATIVE_MACHINE EM_NONE
#endif

#define NATIVE_CLASS (sizeof (void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define NATIVE_DATA (G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

#define MAX_SEGMENTS 64
#define MAX_DYNAMIC 512

static const struct {
  guint16 machine;
  const char *name;
} machines[] = {
    {EM_386, "32-bit x86"},      {EM_X86_64, "x86-64"}, {EM_ARM, "32-bit ARM"},
    {EM_AARCH64, "ARM64"},       {EM_RISCV, "RISC-V"},  {EM_PPC, "PowerPC"},
    {EM_PPC64, "POWER"},         {EM_S390, "s390x"},    {EM_MIPS, "MIPS"},
    {EM_SPARCV9, "SPARC64"},     {EM_IA_64, "Itanium"}, {EM_ALPHA, "Alpha"},
    {EM_LOONGARCH, "LoongArch"},
};

typedef struct {
  QuiltElfRead read;
  gpointer data;
  ElfW (Phdr) segments[MAX_SEGMENTS];
  guint n_segments;
  guint64 strings_address;
  guint64 strings_size;
} Reader;

const char *
quilt_elf_machine_name (guint16 machine)
{
  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    if (machines[i].machine == machine)
      return machines[i].name;
  return NULL;
}

/* Reads a NUL-terminated string of less than size bytes. */
static gboolean
read_string (const Reader *reader, guint64 offset, char *buffer, gsize size)
{
  gsize done = 0;

  while (done < size) {
    gsize part = MIN (size - done, 64);

    while (part > 0 && !reader->read (reader->data, offset + done, buffer + done, part))
      part /= 2; /* retry with less near the end of the file */
    if (part == 0)
      break;
    if (memchr (buffer + done, '\0', part))
      return TRUE;
    done += part;
  }
  if (size > 0)
    buffer[0] = '\0';
  return FALSE;
}

static const ElfW (Phdr) * find_segment (const Reader *reader, guint32 type)
{
  for (guint i = 0; i < reader->n_segments; i++)
    if (reader->segments[i].p_type == type)
      return &reader->segments[i];
  return NULL;
}

static gboolean
offset_of_address (const Reader *reader, guint64 address, guint64 *ret_offset)
{
  for (guint i = 0; i < reader->n_segments; i++) {
    const ElfW (Phdr) *segment = &reader->segments[i];

    if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
        address - segment->p_vaddr < segment->p_filesz) {
      *ret_offset = address - segment->p_vaddr + segment->p_offset;
      return TRUE;
    }
  }
  return FALSE;
}

static void
add_needed (QuiltElf *elf, const char *name)
{
  gsize length = strlen (name) + 1;
  gsize used = 0;

  if (elf->n_needed > 0) {
    used = elf->needed[elf->n_needed - 1];
    used += strlen (elf->strings + used) + 1;
  }
  if (length == 1 || elf->n_needed >= G_N_ELEMENTS (elf->needed) ||
      length > sizeof elf->strings - used)
    return;
  memcpy (elf->strings + used, name, length);
  elf->needed[elf->n_needed++] = (guint16)used;
}

/* Walks the dynamic section. Called twice: first to find the string table, then to read the names
 * in it. */
static void
walk_dynamic (Reader *reader, const ElfW (Phdr) * segment, gboolean names, QuiltElf *elf)
{
  guint64 n = MIN (segment->p_filesz / sizeof (ElfW (Dyn)), MAX_DYNAMIC);
  guint64 strings = 0;
  char name[256];

  if (names && !offset_of_address (reader, reader->strings_address, &strings))
    return;
  for (guint64 i = 0; i < n; i++) {
    ElfW (Dyn) entry;

    if (!reader->read (reader->data, segment->p_offset + i * sizeof entry, &entry, sizeof entry) ||
        entry.d_tag == DT_NULL)
      return;
    if (!names && entry.d_tag == DT_STRTAB)
      reader->strings_address = entry.d_un.d_ptr;
    else if (!names && entry.d_tag == DT_STRSZ)
      reader->strings_size = entry.d_un.d_val;
    if (!names || entry.d_un.d_val >= reader->strings_size)
      continue;
    if (entry.d_tag == DT_NEEDED &&
        read_string (reader, strings + entry.d_un.d_val, name, sizeof name))
      add_needed (elf, name);
    else if (entry.d_tag == DT_RPATH)
      read_string (reader, strings + entry.d_un.d_val, elf->rpath, sizeof elf->rpath);
    else if (entry.d_tag == DT_RUNPATH)
      read_string (reader, strings + entry.d_un.d_val, elf->runpath, sizeof elf->runpath);
  }
}

gboolean
quilt_elf_read (QuiltElfRead read, gpointer data, QuiltElf *ret_elf)
{
  Reader reader = {.read = read, .data = data};
  ElfW (Ehdr) header;
  const ElfW (Phdr) * segment;

  if (!read (data, 0, &header, sizeof header) || memcmp (header.e_ident, ELFMAG, SELFMAG) != 0)
    return FALSE;
  memset (ret_elf, 0, sizeof *ret_elf);
  if (header.e_ident[EI_DATA] != NATIVE_DATA)
    return TRUE;
  ret_elf->machine = header.e_machine; /* has the same offset in both classes */
  ret_elf->native = header.e_machine == NATIVE_MACHINE &&
                    header.e_ident[EI_CLASS] == NATIVE_CLASS &&
                    header.e_phentsize == sizeof (ElfW (Phdr));
  if (!ret_elf->native)
    return TRUE;
  reader.n_segments = MIN (header.e_phnum, MAX_SEGMENTS);
  if (!read (data, header.e_phoff, reader.segments, reader.n_segments * sizeof (ElfW (Phdr))))
    return TRUE;
  segment = find_segment (&reader, PT_INTERP);
  if (segment)
    read_string (&reader, segment->p_offset, ret_elf->interpreter,
                 MIN (segment->p_filesz, sizeof ret_elf->interpreter));
  segment = find_segment (&reader, PT_DYNAMIC);
  if (segment) {
    walk_dynamic (&reader, segment, FALSE, ret_elf);
    walk_dynamic (&reader, segment, TRUE, ret_elf);
  }
  return TRUE;
}
