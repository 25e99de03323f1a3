/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a check, in words for users. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_VERDICT_GOOD,
  QUILT_VERDICT_LIMITED, /* containers run, but lack something that another host offers */
  QUILT_VERDICT_MISSING, /* containers, or those with a certain option, will fail */
} QuiltVerdict;

/* One line of text for users in each field. */
typedef struct {
  QuiltVerdict verdict;
  char found[512];
  char advice[512]; /* a remedy; empty if nothing is wrong */
} QuiltFinding;

void quilt_finding_set (QuiltFinding *finding,
                        QuiltVerdict verdict,
                        const char *advice,
                        const char *format,
                        ...) G_GNUC_PRINTF (4, 5);
