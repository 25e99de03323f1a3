/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an ELF program needs to start: a bounded reader of files that a stranger wrote. elf(5). */
#pragma once

#include <glib.h>

/* Reads length bytes at offset; FALSE if there are not that many. */
typedef gboolean (*QuiltElfRead) (gpointer data, guint64 offset, gpointer buffer, gsize length);

typedef struct {
  guint16 machine;       /* EM_…; 0 where the byte order is not ours */
  gboolean native;       /* of our machine and class: only then is the rest filled */
  char interpreter[256]; /* "" if it needs none, or none that makes sense */
  char rpath[1024];      /* DT_RPATH, DT_RUNPATH; "" if there is none */
  char runpath[1024];
  guint n_needed; /* names beyond 64 or 4 KiB are left out: the list serves a diagnosis */
  guint16 needed[64];
  char strings[4096]; /* needed[i] is the offset of a name in it */
} QuiltElf;

/* FALSE, with ret_elf untouched, if it is no ELF file. What lies outside of the file, or beyond the
 * bounds, is left out. Allocates nothing. */
gboolean quilt_elf_read (QuiltElfRead read, gpointer data, QuiltElf *ret_elf);

/* For people: "ARM64". A static string; NULL for one that is not known. */
const char *quilt_elf_machine_name (guint16 machine);
