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

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  File file = {data, size};
  QuiltElf elf;

  if (!quilt_elf_read (read_file, &file, &elf) || !elf.native)
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
