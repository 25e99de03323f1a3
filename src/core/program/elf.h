/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what an ELF program needs to start, from files that may be hostile. elf(5). */
#pragma once

#include <glib.h>

/* Reads length bytes at offset. Returns FALSE if the file has fewer. */
typedef gboolean (*QuiltElfRead) (gpointer data, guint64 offset, gpointer buffer, gsize length);

/* The names that a program's dynamic section has. */
typedef enum {
  QUILT_ELF_NEEDED,
  QUILT_ELF_SONAME,
  QUILT_ELF_RPATH,
  QUILT_ELF_RUNPATH,
} QuiltElfName;

/* Takes the names, in the order of the file. */
typedef struct {
  void (*found) (gpointer data, QuiltElfName kind, const char *name);
  gpointer data;
  char *buffer; /* for one name; a longer one is left out */
  gsize size;
  guint max_entries; /* of the dynamic section; those beyond are left out */
} QuiltElfVisitor;

typedef struct {
  guint16 machine;      /* EM_…; 0 if the byte order differs from ours */
  guint16 type;         /* ET_… */
  guint8 bits;          /* 32 or 64; 0: invalid */
  gboolean native;      /* for our machine and class; the fields below are filled only then */
  gboolean damaged;     /* headers are invalid, or parts that they name are beyond the file's end */
  gboolean cut;         /* names are left out: there are too many, or they are too long */
  gboolean no_defaults; /* the loader must not search its default directories (DF_1_NODEFLIB) */
  gboolean interpreted; /* the program names an interpreter */
  char interpreter[256]; /* "" if the program has no interpreter, or an invalid name */
  char rpath[1024];      /* DT_RPATH, DT_RUNPATH; "" if there is none */
  char runpath[1024];
  /* names beyond 64 or 4 KiB are left out, since the list only serves a diagnosis */
  guint n_needed;
  guint16 needed[64];
  char strings[4096]; /* needed[i] is the offset of a name here */
} QuiltElf;

/* Returns FALSE, with ret_elf untouched, if the file is not ELF. Ignores parts outside of the file
 * or beyond the bounds. Allocates nothing. */
gboolean quilt_elf_read (QuiltElfRead read, gpointer data, QuiltElf *ret_elf);

/* As quilt_elf_read(), but all names go to the visitor: ret_elf has none. */
gboolean quilt_elf_visit (QuiltElfRead read,
                          gpointer data,
                          const QuiltElfVisitor *visitor,
                          QuiltElf *ret_elf);

/* Whether our machine's processors, if their kernel allows it, execute programs for this one, whose
 * class is not ours. */
gboolean quilt_elf_is_compatible (const QuiltElf *elf);

/* A name for users, such as "ARM64". A static string; NULL if the machine is unknown. */
const char *quilt_elf_machine_name (guint16 machine);
