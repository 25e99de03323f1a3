/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what an ELF program needs to start, from files that may be hostile. elf(5). */
#pragma once

#include <glib.h>

/* Reads length bytes at offset. Returns FALSE if the file has fewer. */
typedef gboolean (*QuiltElfRead) (gpointer data, guint64 offset, gpointer buffer, gsize length);

typedef struct {
  guint16 machine;       /* EM_…; 0 if the byte order differs from ours */
  gboolean native;       /* for our machine and class; the fields below are filled only then */
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

/* A name for users, such as "ARM64". A static string; NULL if the machine is unknown. */
const char *quilt_elf_machine_name (guint16 machine);
