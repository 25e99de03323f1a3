/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying bytes from one descriptor to another, in a loop that polls several descriptors. */
#include "runtime/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct pollfd
quilt_relay_poll (const QuiltRelay *relay)
{
  if (relay->end > relay->start)
    return (struct pollfd){relay->to, POLLOUT, 0};
  return (struct pollfd){relay->from, POLLIN, 0};
}

void
quilt_relay_move (QuiltRelay *relay, short revents)
{
  ssize_t n;

  if (!revents)
    return;
  if (relay->end > relay->start) {
    n = write (relay->to, relay->data + relay->start, relay->end - relay->start);
    if (n > 0)
      relay->start += (gsize)n;
    else if (errno != EINTR && errno != EAGAIN)
      relay->from = -1, relay->start = relay->end = 0;
    return;
  }
  n = read (relay->from, relay->data, sizeof relay->data);
  relay->start = 0;
  relay->end = n > 0 ? (gsize)n : 0;
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
    relay->from = -1;
}

void
quilt_relay_drain (QuiltRelay *relay)
{
  int flags = relay->from < 0 ? -1 : fcntl (relay->from, F_GETFL);

  if (flags < 0 || fcntl (relay->from, F_SETFL, flags | O_NONBLOCK) < 0)
    return;
  while (relay->from >= 0) {
    struct pollfd fd = quilt_relay_poll (relay);

    if (poll (&fd, 1, fd.events == POLLIN ? 0 : -1) <= 0)
      return;
    quilt_relay_move (relay, fd.revents);
  }
}
