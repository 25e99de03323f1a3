/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying bytes from one descriptor to another, in a loop that polls several descriptors. */
#pragma once

#include <glib.h>
#include <poll.h>

typedef struct {
  int from, to; /* owned by the caller; from is -1 after the end of the data */
  char data[4096];
  gsize start, end;
} QuiltRelay;

#define QUILT_RELAY_NONE                                                                           \
  {                                                                                                \
    .from = -1                                                                                     \
  }

/* The descriptor and events to poll for next. */
struct pollfd quilt_relay_poll (const QuiltRelay *relay);

/* Does one step with the revents of poll(2). Buffered bytes are written before more are read. Sets
 * from to -1 at end of file, or if the reader of `to` is gone. */
void quilt_relay_move (QuiltRelay *relay, short revents);

/* Copies the bytes available now, without waiting for more. */
void quilt_relay_drain (QuiltRelay *relay);
