/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks whether a program's loader will find the libraries that the program names. ld.so(8). */
#pragma once

#include "core/program/elf.h"

typedef enum {
  QUILT_LIBRARIES_FOUND,
  QUILT_LIBRARIES_DOUBTFUL, /* not found, but the program's loader may search more places */
  QUILT_LIBRARIES_MISSING,  /* glibc's loader will not find it */
} QuiltLibraries;

/* Checks the libraries that elf, the program at path, names itself, in the root of this process.
 * *ret_name, a string in elf, is the first library that was not found. Child-safe. */
QuiltLibraries quilt_libraries_check (const QuiltElf *elf,
                                      const char *path,
                                      char *const *env,
                                      const char **ret_name);
