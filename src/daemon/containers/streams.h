/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipes of a client that starts a container or attaches to it. */
#pragma once

#include "daemon/bus/objects.h"

/* -1: none. */
typedef struct {
  int in, out, err;
  guint32 columns, rows;
  gboolean is_taken; /* a run has the pipes */
} QuiltStreams;

#define QUILT_STREAMS_NONE                                                                         \
  {                                                                                                \
    -1, -1, -1, 0, 0, FALSE                                                                        \
  }

/* Takes the pipes and the size of the terminal out of options, and returns the other options.
 * Returns NULL with INVALID_ARGUMENT if a descriptor can't be used. Afterwards the caller clears
 * the streams in any case. */
GVariant *quilt_streams_take (QuiltStreams *streams,
                              const QuiltCall *call,
                              GVariant *options,
                              GError **error);
void quilt_streams_clear (QuiltStreams *streams);

/* Opens the caller's end of a pipe again, as non-blocking, since other processes may share it and
 * expect it to block. fd -1: *ret_fd stays. Error: FAILED. */
gboolean quilt_streams_reopen (int fd, int flags, int *ret_fd, GError **error);
