/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of quiltd that reads or writes a pipe of quiltctl, from the call to the answer. */
#pragma once

#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/streams/signals.h"
#include "tar/report.h"
#include "tar/stream.h"

typedef struct {
  QuiltCtl *ctl;
  QuiltSignals signals;
  QuiltProgress progress;
  gint64 began_usec;
  gint64 shown_usec;
  QuiltTarStream stream; /* our end of the pipe */
  gboolean is_answered;
  GVariant *results; /* of the answer */
  GError *error;     /* of the answer */
} QuiltCopyCall;

/* Calls the method of org.quilt.Manager, whose arguments begin with the name and, unless it is
 * NULL, the path, and then have the other end of call->stream. writes: quiltctl writes the stream.
 * options may be floating. */
gboolean quilt_copy_call_begin (QuiltCopyCall *call,
                                const char *method,
                                const char *name,
                                const char *path,
                                gboolean writes,
                                GVariant *options,
                                GError **error);
/* Waits until fd is ready, and shows the progress; a QuiltTarWait. Ends with ECANCELED at a
 * signal. */
gboolean quilt_copy_call_wait (int fd, short events, gpointer call);
/* Closes our end, waits for the answer, and reports everything. error is what stopped our side, or
 * NULL; report what our side has left out. Returns the exit code. */
int quilt_copy_call_end (QuiltCopyCall *call, const QuiltTarReport *report, const GError *error);
