/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds out by trying what this host can isolate. */
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

/* Each check looks at one thing. state_dir is the path of the store. */
typedef struct {
  const char *name;
  void (*look) (const char *state_dir, QuiltFinding *ret_finding);
} QuiltCheck;

extern const QuiltCheck quilt_checks[];
extern const guint quilt_n_checks;

/* trial.c: builds a container of an empty image, up to the point where its command would run. */
void quilt_trial_look (const char *state_dir, QuiltFinding *ret_finding);

/* Pure parts. */

/* "6.1.0-18-amd64" → 6, 1. Returns FALSE if release does not begin with two numbers. */
gboolean quilt_kernel_parse (const char *release, guint *ret_major, guint *ret_minor);
/* The words of wanted that controllers lacks, separated by blanks. */
char *quilt_controllers_missing (const char *controllers, const char *const *wanted);
