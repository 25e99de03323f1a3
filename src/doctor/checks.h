/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds out by trying what this host can isolate. */
#pragma once

#include "doctor/finding.h"

#include <glib.h>

/* Each check looks at one thing. state_dir is the path of the store. */
typedef struct {
  const char *name;
  void (*look) (const char *state_dir, QuiltFinding *ret_finding);
} QuiltCheck;

extern const QuiltCheck quilt_checks[];
extern const guint quilt_n_checks;

/* Pure parts. */

/* "6.1.0-18-amd64" → 6, 1. Returns FALSE if release does not begin with two numbers. */
gboolean quilt_kernel_parse (const char *release, guint *ret_major, guint *ret_minor);
/* The words of wanted that controllers lacks, separated by blanks. */
char *quilt_controllers_missing (const char *controllers, const char *const *wanted);
