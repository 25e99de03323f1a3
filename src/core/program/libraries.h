/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the libraries that a program names are where its loader will look. ld.so(8). */
#pragma once

#include "core/program/elf.h"

typedef enum {
  QUILT_LIBRARIES_FOUND,
  QUILT_LIBRARIES_DOUBTFUL, /* not found, but its loader may know more places than we do */
  QUILT_LIBRARIES_MISSING,  /* glibc's loader will not find it */
} QuiltLibraries;

/* Looks for what elf, the program at path, needs itself, in the root that this process is in.
 * *ret_name, a string within elf, is the first library that was not found. Child-safe. */
QuiltLibraries quilt_libraries_check (const QuiltElf *elf,
                                      const char *path,
                                      char *const *env,
                                      const char **ret_name);
