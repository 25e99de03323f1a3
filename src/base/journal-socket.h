/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to journald: its native protocol over a datagram socket that never makes us wait.
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ */
#pragma once

#include <glib.h>
#include <poll.h>
#include <sys/socket.h>

#define QUILT_JOURNAL_PATH "/run/systemd/journal/socket"

/* Appends "NAME=value\n", or the length-prefixed form where value has a line break. length: -1
 * where value ends with a NUL. */
void quilt_journal_append_field (GString *text, const char *name, const char *value, gssize length);

typedef struct {
  const char *path;
  int fd;
  gboolean connected;
  gboolean full;     /* journald is behind: wait for POLLOUT */
  gint64 retry_usec; /* journald is away: try again then (g_get_monotonic_time()); 0: it is not */
} QuiltJournalSocket;

void quilt_journal_socket_init (QuiltJournalSocket *self, const char *path);
void quilt_journal_socket_clear (QuiltJournalSocket *self);

/* Makes the socket, which the first entry would do otherwise: for a process that is about to give
 * up CAP_NET_ADMIN, which a large send buffer takes. The socket stays, also when journald is away.
 * FALSE with errno. */
gboolean quilt_journal_socket_prepare (QuiltJournalSocket *self);

/* Sends entries in order and returns how many were taken: fewer than n if journald is behind or
 * away. Those that were not are the caller's to keep. */
guint quilt_journal_socket_send (QuiltJournalSocket *self, struct mmsghdr *entries, guint n);

/* Whether nothing can be sent at the moment. */
gboolean quilt_journal_socket_is_blocked (const QuiltJournalSocket *self);

/* What to wait for, if blocked: an event, or the time retry_usec. */
struct pollfd quilt_journal_socket_poll (const QuiltJournalSocket *self);
void quilt_journal_socket_handle (QuiltJournalSocket *self, short revents, gint64 now_usec);

/* Whether journald has not yet read all that was sent. Its sender must live until it has: journald
 * finds the unit of an entry by its sender's pid. */
gboolean quilt_journal_socket_is_unread (const QuiltJournalSocket *self);
