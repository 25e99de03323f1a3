/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line on stderr that tells how far a job is. */
#pragma once

#include <glib.h>

typedef struct {
  gboolean shown; /* stderr is a terminal */
  gboolean cancelled;
  gboolean drawn;
  double fraction; /* -1: not known */
  guint64 bytes, rate, end_usec;
} QuiltProgress;

void quilt_progress_init (QuiltProgress *progress);
/* Takes what changed of a job's properties, a{sv}, and draws the line again. */
void quilt_progress_update (QuiltProgress *progress, GVariant *changed);
/* Wipes the line. */
void quilt_progress_end (QuiltProgress *progress);

/* The line without the control sequences around it. Owned by the caller. */
char *quilt_progress_line (const QuiltProgress *progress, guint64 now_usec);
