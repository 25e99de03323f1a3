/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A compiled system call filter: the form in which it is kept and passed on. */
#pragma once

#include <glib.h>

/* BPF_MAXINSNS of linux/bpf_common.h, and the size of a struct sock_filter. */
#define QUILT_FILTER_INSTRUCTIONS_MAX 4096
#define QUILT_FILTER_INSTRUCTION 8

/* Of this machine alone, so in its byte order. */
typedef struct {
  char magic[8];
  guint32 flags; /* SECCOMP_FILTER_FLAG_…, see seccomp(2) */
  guint32 n_instructions;
  guint8 sha256[32]; /* of flags and instructions: half of a file that a power cut has left may be
                        a filter too, one that forbids less */
} QuiltFilterHeader;

#define QUILT_FILTER_SIZE_MAX                                                                      \
  (sizeof (QuiltFilterHeader) + QUILT_FILTER_INSTRUCTIONS_MAX * QUILT_FILTER_INSTRUCTION)

/* instructions are n of struct sock_filter; n at most QUILT_FILTER_INSTRUCTIONS_MAX. */
GBytes *quilt_filter_new (guint32 flags, gconstpointer instructions, guint n);

/* That bytes are as quilt_filter_new() makes them; FAILED says what is wrong. */
gboolean quilt_filter_check (GBytes *bytes, GError **error);

/* Of a filter that has passed the check. The array lives as long as bytes. */
const QuiltFilterHeader *quilt_filter_get_header (GBytes *bytes);
gconstpointer quilt_filter_get_instructions (GBytes *bytes);
