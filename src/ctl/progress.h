/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows the progress of a job on one line of stderr. */
#pragma once

#include <glib.h>

typedef struct {
  gboolean shown; /* stderr is a terminal */
  gboolean cancelled;
  gboolean drawn;
  double fraction; /* -1: unknown */
  guint64 bytes, rate, end_usec;
  const char *verb; /* NULL: "Importing" */
} QuiltProgress;

void quilt_progress_init (QuiltProgress *progress);
/* Takes changed properties of a job, a{sv}, and redraws the line. */
void quilt_progress_update (QuiltProgress *progress, GVariant *changed);
/* As quilt_progress_update(), for a total that is not known. */
void quilt_progress_show (QuiltProgress *progress, guint64 bytes, guint64 rate);
/* Erases the line. */
void quilt_progress_end (QuiltProgress *progress);

/* The line without the control sequences around it. Owned by the caller. */
char *quilt_progress_line (const QuiltProgress *progress, guint64 now_usec);
