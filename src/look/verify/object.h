/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program or library that was read: what its loader needs of it. */
#pragma once

#include "core/program/elf.h"

/* Limits for one file: entries of the dynamic section, and bytes of the names in it. */
#define QUILT_OBJECT_ENTRIES_MAX 8192
#define QUILT_OBJECT_NAMES_MAX (256 * 1024)

typedef struct QuiltObject QuiltObject;
struct QuiltObject {
  char *path;                /* as it was opened */
  const QuiltObject *parent; /* the one that needs it; NULL: the program */
  QuiltElf elf;              /* without names */
  GPtrArray *needed;
  char *soname, *rpath, *runpath; /* NULL: none */
  gsize names_size;
};

/* Reads the file fd, which is borrowed. Returns NULL if it is not ELF. If the file has more than
 * the limits, elf.cut is set. */
QuiltObject *quilt_object_read (int fd, const char *path, const QuiltObject *parent);
void quilt_object_free (QuiltObject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltObject, quilt_object_free)

/* Whether the loader can map the file as a program or a library of our machine. */
gboolean quilt_object_is_whole (const QuiltObject *self);
