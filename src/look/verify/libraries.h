/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds all libraries of a program as its loader would, with the libraries of these. ld.so(8). */
#pragma once

#include "look/verify/loader.h"
#include "look/verify/object.h"
#include "look/verify/problems.h"

typedef struct {
  QuiltRoot *root;
  const QuiltLoader *loader;
  const QuiltObject *interpreter; /* the loader's own file */
  const char *library_path;       /* LD_LIBRARY_PATH; "" if it is not set */
  gboolean preloads;              /* libraries are loaded before the program's (LD_PRELOAD) */
} QuiltLibrariesOf;

/* Adds a problem for each library that is missing or can't be loaded. real_path is the program's
 * path without links. */
void quilt_libraries_check_all (const QuiltLibrariesOf *of,
                                const QuiltObject *program,
                                const char *real_path,
                                QuiltProblems *problems);
