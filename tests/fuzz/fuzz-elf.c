/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of an image: what is read of them is bounded, whatever they say of themselves. */
#include "fuzz.h"

#include "core/program/elf.h"

#include <string.h>

typedef struct {
  const uint8_t *data;
  size_t size;
} File;

static gboolean
read_file (gpointer data, guint64 offset, gpointer buffer, gsize length)
{
  const File *file = data;

  if (offset > file->size || length > file->size - offset)
    return FALSE;
  memcpy (buffer, file->data + offset, length);
  return TRUE;
}

#define ROOM 4096
#define ENTRIES_MAX 1000

typedef struct {
  char buffer[ROOM];
  guint n;
} Names;

static void
on_name (gpointer data, QuiltElfName kind, const char *name)
{
  Names *names = data;

  FUZZ_CHECK (name == names->buffer && kind <= QUILT_ELF_RUNPATH);
  FUZZ_CHECK (memchr (name, '\0', ROOM) != NULL);
  FUZZ_CHECK (++names->n <= ENTRIES_MAX);
}

/* A visitor is told as much as the bounds say, and of the file the same. */
static void
visit (File *file, const QuiltElf *other)
{
  Names names = {.n = 0};
  const QuiltElfVisitor visitor = {on_name, &names, names.buffer, ROOM, ENTRIES_MAX};
  QuiltElf elf;

  FUZZ_CHECK (quilt_elf_visit (read_file, file, &visitor, &elf));
  FUZZ_CHECK (elf.native == other->native && elf.machine == other->machine);
  FUZZ_CHECK (elf.n_needed == 0 && !*elf.rpath && !*elf.runpath);
  FUZZ_CHECK (strcmp (elf.interpreter, other->interpreter) == 0);
  FUZZ_CHECK (names.n >= other->n_needed);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  File file = {data, size};
  QuiltElf elf;

  if (!quilt_elf_read (read_file, &file, &elf))
    return 0;
  visit (&file, &elf);
  if (!elf.native)
    return 0;
  FUZZ_CHECK (memchr (elf.interpreter, '\0', sizeof elf.interpreter) != NULL);
  FUZZ_CHECK (memchr (elf.rpath, '\0', sizeof elf.rpath) != NULL);
  FUZZ_CHECK (memchr (elf.runpath, '\0', sizeof elf.runpath) != NULL);
  FUZZ_CHECK (elf.n_needed <= G_N_ELEMENTS (elf.needed));
  for (guint i = 0; i < elf.n_needed; i++) {
    FUZZ_CHECK (elf.needed[i] < sizeof elf.strings);
    FUZZ_CHECK (memchr (elf.strings + elf.needed[i], '\0', sizeof elf.strings - elf.needed[i]));
  }
  return 0;
}
