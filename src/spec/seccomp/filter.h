/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled system call filters, in the form in which they are stored and passed on. */
#pragma once

#include <glib.h>

/* BPF_MAXINSNS of linux/bpf_common.h, and the size of a struct sock_filter. */
#define QUILT_FILTER_INSTRUCTIONS_MAX 4096
#define QUILT_FILTER_INSTRUCTION 8

/* Used only on the same machine, so it has that machine's byte order. */
typedef struct {
  char magic[8];
  guint32 flags; /* SECCOMP_FILTER_FLAG_…, see seccomp(2) */
  guint32 n_instructions;
  /* hash of flags and instructions: after a power cut, a truncated file could be a valid filter
   * that forbids less */
  guint8 sha256[32];
} QuiltFilterHeader;

#define QUILT_FILTER_SIZE_MAX                                                                      \
  (sizeof (QuiltFilterHeader) + QUILT_FILTER_INSTRUCTIONS_MAX * QUILT_FILTER_INSTRUCTION)

/* Makes a filter of n instructions (struct sock_filter), at most QUILT_FILTER_INSTRUCTIONS_MAX. */
GBytes *quilt_filter_new (guint32 flags, gconstpointer instructions, guint n);

/* Checks that bytes have the form that quilt_filter_new() makes. FAILED has the fault. */
gboolean quilt_filter_check (GBytes *bytes, GError **error);

/* Parts of a filter that has passed the check. They are valid as long as bytes. */
const QuiltFilterHeader *quilt_filter_get_header (GBytes *bytes);
gconstpointer quilt_filter_get_instructions (GBytes *bytes);
