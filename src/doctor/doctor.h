/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this host can and can't isolate, found out by trying. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_VERDICT_GOOD,
  QUILT_VERDICT_LIMITED, /* containers run, with less than they could have */
  QUILT_VERDICT_MISSING, /* containers, or an option of theirs, will fail */
} QuiltVerdict;

/* One line of each, for people. */
typedef struct {
  QuiltVerdict verdict;
  char found[512];
  char advice[512]; /* what to do about it; empty where it is good */
} QuiltFinding;

void quilt_finding_set (QuiltFinding *finding,
                        QuiltVerdict verdict,
                        const char *advice,
                        const char *format,
                        ...) G_GNUC_PRINTF (4, 5);

/* Each looks at one thing. state_dir is the path of the store. */
typedef struct {
  const char *name;
  void (*look) (const char *state_dir, QuiltFinding *ret_finding);
} QuiltCheck;

extern const QuiltCheck quilt_checks[];
extern const guint quilt_n_checks;

/* trial.c: builds a container of an empty image, up to the point where its command would run. */
void quilt_trial_look (const char *state_dir, QuiltFinding *ret_finding);

/* Pure parts. */

/* "6.1.0-18-amd64" → 6, 1. FALSE if it does not begin with two numbers. */
gboolean quilt_kernel_parse (const char *release, guint *ret_major, guint *ret_minor);
/* Those of wanted that the words of controllers do not name, separated by blanks. */
char *quilt_controllers_missing (const char *controllers, const char *const *wanted);
