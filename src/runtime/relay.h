/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on their way from one descriptor to another, in a loop that waits for several. */
#pragma once

#include <glib.h>
#include <poll.h>

typedef struct {
  int from, to; /* both stay the caller's; from -1: no more comes */
  char data[4096];
  gsize start, end;
} QuiltRelay;

#define QUILT_RELAY_NONE                                                                           \
  {                                                                                                \
    .from = -1                                                                                     \
  }

/* What has to be waited for next. */
struct pollfd quilt_relay_poll (const QuiltRelay *relay);

/* One step, after poll(2) said revents: what came goes on before more is taken. If nobody reads any
 * more, or nothing more comes, from is -1. */
void quilt_relay_move (QuiltRelay *relay, short revents);

/* Passes on the bytes that are there now, without waiting for more. */
void quilt_relay_drain (QuiltRelay *relay);
