/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of journald: its native protocol over a non-blocking datagram socket.
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ */
#pragma once

#include <glib.h>
#include <poll.h>
#include <sys/socket.h>

#define QUILT_JOURNAL_PATH "/run/systemd/journal/socket"

/* Appends "NAME=value\n", or the length-prefixed form if value contains a line break. length is -1
 * if value ends with a NUL. */
void quilt_journal_append_field (GString *text, const char *name, const char *value, gssize length);

typedef struct {
  const char *path;
  int fd;
  gboolean connected;
  gboolean full;      /* journald is slow: wait until resume_usec, or if that is 0 for POLLOUT */
  gboolean has_sent;  /* something was sent since the queue was last full */
  gboolean has_tail;  /* an empty datagram follows all entries, see quilt_journal_socket_seal() */
  gint64 resume_usec; /* g_get_monotonic_time() */
  /* journald is away: when to try again (g_get_monotonic_time()); 0: it is not away */
  gint64 retry_usec;
} QuiltJournalSocket;

void quilt_journal_socket_init (QuiltJournalSocket *self, const char *path);
void quilt_journal_socket_clear (QuiltJournalSocket *self);

/* Makes the socket, which the first entry would do otherwise. For a process that is about to drop
 * CAP_NET_ADMIN, which a large send buffer needs. The socket stays, even if journald is away.
 * Returns FALSE with errno set. */
gboolean quilt_journal_socket_prepare (QuiltJournalSocket *self);

/* Sends entries in order. Returns how many journald took: fewer than n if it is slow or away. The
 * caller keeps the others. */
guint quilt_journal_socket_send (QuiltJournalSocket *self, struct mmsghdr *entries, guint n);

/* Whether nothing can be sent now. */
gboolean quilt_journal_socket_is_blocked (const QuiltJournalSocket *self);

/* Returns the event to wait for if blocked, and a deadline (g_get_monotonic_time(); 0: none). Pass
 * both to quilt_journal_socket_handle(). */
gint64 quilt_journal_socket_get_deadline (const QuiltJournalSocket *self);
struct pollfd quilt_journal_socket_poll (const QuiltJournalSocket *self);
void quilt_journal_socket_handle (QuiltJournalSocket *self, short revents, gint64 now_usec);

/* journald reads an entry first, and then finds its unit by the sender's pid. So a sender that ends
 * calls seal(), and lives while is_unread(). seal() sends an empty datagram after the entries,
 * which journald ignores: it reads this only when the entries before it have been handled. */
void quilt_journal_socket_seal (QuiltJournalSocket *self);
gboolean quilt_journal_socket_is_unread (const QuiltJournalSocket *self);
