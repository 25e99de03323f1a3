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
/* The size of a library's name, with its NUL, that quilt_elf_read() takes. */
#define NEEDED_MAX 256

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
  const QuiltElfVisitor *visitor;
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
  if (length == 1 || length > NEEDED_MAX || elf->n_needed >= G_N_ELEMENTS (elf->needed) ||
      length > sizeof elf->strings - used)
    return;
  memcpy (elf->strings + used, name, length);
  elf->needed[elf->n_needed++] = (guint16)used;
}

static void
keep_name (gpointer data, QuiltElfName kind, const char *name)
{
  QuiltElf *elf = data;

  if (kind == QUILT_ELF_NEEDED)
    add_needed (elf, name);
  else if (kind == QUILT_ELF_RPATH)
    g_strlcpy (elf->rpath, name, sizeof elf->rpath);
  else if (kind == QUILT_ELF_RUNPATH)
    g_strlcpy (elf->runpath, name, sizeof elf->runpath);
}

static void
visit_name (const Reader *reader, guint64 strings, const ElfW (Dyn) * entry, QuiltElf *elf)
{
  static const struct {
    ElfW (Sxword) tag;
    QuiltElfName kind;
  } kinds[] = {{DT_NEEDED, QUILT_ELF_NEEDED},
               {DT_SONAME, QUILT_ELF_SONAME},
               {DT_RPATH, QUILT_ELF_RPATH},
               {DT_RUNPATH, QUILT_ELF_RUNPATH}};
  const QuiltElfVisitor *visitor = reader->visitor;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (kinds[i].tag != entry->d_tag)
      continue;
    if (entry->d_un.d_val < reader->strings_size &&
        read_string (reader, strings + entry->d_un.d_val, visitor->buffer, visitor->size))
      visitor->found (visitor->data, kinds[i].kind, visitor->buffer);
    else
      elf->cut = TRUE;
  }
}

/* Walks the dynamic section. Called twice: first to find the string table, then to read the names
 * in it. */
static void
walk_dynamic (Reader *reader, const ElfW (Phdr) * segment, gboolean names, QuiltElf *elf)
{
  const guint64 all = segment->p_filesz / sizeof (ElfW (Dyn));
  const guint64 n = MIN (all, reader->visitor->max_entries);
  guint64 strings = 0;

  if (names && !offset_of_address (reader, reader->strings_address, &strings))
    return;
  for (guint64 i = 0; i < n; i++) {
    ElfW (Dyn) entry;

    if (!reader->read (reader->data, segment->p_offset + i * sizeof entry, &entry, sizeof entry))
      elf->damaged = TRUE;
    if (elf->damaged || entry.d_tag == DT_NULL)
      return;
    if (names)
      visit_name (reader, strings, &entry, elf);
    else if (entry.d_tag == DT_STRTAB)
      reader->strings_address = entry.d_un.d_ptr;
    else if (entry.d_tag == DT_STRSZ)
      reader->strings_size = entry.d_un.d_val;
    else if (entry.d_tag == DT_FLAGS_1)
      elf->no_defaults = (entry.d_un.d_val & DF_1_NODEFLIB) != 0;
  }
  elf->cut = elf->cut || n < all;
}

static void
read_interpreter (const Reader *reader, QuiltElf *elf)
{
  const ElfW (Phdr) *segment = find_segment (reader, PT_INTERP);

  if (!segment)
    return;
  elf->interpreted = TRUE;
  if (!read_string (reader, segment->p_offset, elf->interpreter,
                    MIN (segment->p_filesz, sizeof elf->interpreter)))
    elf->damaged = TRUE;
}

/* A file that was cut, for example by a full disk, still has its headers. */
static gboolean
has_all_segments (const Reader *reader)
{
  for (guint i = 0; i < reader->n_segments; i++) {
    const ElfW (Phdr) *segment = &reader->segments[i];
    guint64 end;
    char last;

    if (segment->p_type != PT_LOAD || segment->p_filesz == 0)
      continue;
    if (__builtin_add_overflow (segment->p_offset, segment->p_filesz, &end) ||
        !reader->read (reader->data, end - 1, &last, 1))
      return FALSE;
  }
  return TRUE;
}

static void
read_parts (Reader *reader, const ElfW (Ehdr) * header, QuiltElf *elf)
{
  const ElfW (Phdr) * segment;

  reader->n_segments = MIN (header->e_phnum, MAX_SEGMENTS);
  elf->cut = header->e_phnum > MAX_SEGMENTS;
  elf->damaged =
      header->e_phnum == 0 || !reader->read (reader->data, header->e_phoff, reader->segments,
                                             reader->n_segments * sizeof (ElfW (Phdr)));
  if (elf->damaged)
    return;
  read_interpreter (reader, elf);
  segment = find_segment (reader, PT_DYNAMIC);
  if (segment) {
    walk_dynamic (reader, segment, FALSE, elf);
    walk_dynamic (reader, segment, TRUE, elf);
  }
  elf->damaged = elf->damaged || !has_all_segments (reader);
}

gboolean
quilt_elf_visit (QuiltElfRead read,
                 gpointer data,
                 const QuiltElfVisitor *visitor,
                 QuiltElf *ret_elf)
{
  Reader reader = {.read = read, .data = data, .visitor = visitor};
  ElfW (Ehdr) header;

  if (!read (data, 0, &header, sizeof header) || memcmp (header.e_ident, ELFMAG, SELFMAG) != 0)
    return FALSE;
  memset (ret_elf, 0, sizeof *ret_elf);
  if (header.e_ident[EI_CLASS] == ELFCLASS32 || header.e_ident[EI_CLASS] == ELFCLASS64)
    ret_elf->bits = header.e_ident[EI_CLASS] == ELFCLASS32 ? 32 : 64;
  if (header.e_ident[EI_DATA] != NATIVE_DATA)
    return TRUE;
  ret_elf->machine = header.e_machine; /* has the same offset in both classes */
  ret_elf->type = header.e_type;
  ret_elf->native = header.e_machine == NATIVE_MACHINE &&
                    header.e_ident[EI_CLASS] == NATIVE_CLASS &&
                    header.e_phentsize == sizeof (ElfW (Phdr));
  if (ret_elf->native)
    read_parts (&reader, &header, ret_elf);
  else
    ret_elf->damaged =
        header.e_machine == NATIVE_MACHINE && header.e_ident[EI_CLASS] == NATIVE_CLASS;
  return TRUE;
}

gboolean
quilt_elf_read (QuiltElfRead read, gpointer data, QuiltElf *ret_elf)
{
  char buffer[sizeof ret_elf->rpath];
  const QuiltElfVisitor visitor = {keep_name, ret_elf, buffer, sizeof buffer, MAX_DYNAMIC};

  return quilt_elf_visit (read, data, &visitor, ret_elf);
}

gboolean
quilt_elf_is_compatible (const QuiltElf *elf)
{
#if defined(__x86_64__)
  return elf->machine == EM_386;
#elif defined(__aarch64__)
  return elf->machine == EM_ARM;
#else
  return FALSE;
#endif
}
