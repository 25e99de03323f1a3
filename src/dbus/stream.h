/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket of a D-Bus client: cuts received bytes into messages, and queues messages that the
 * other side does not read yet. */
#pragma once

#include <glib.h>

typedef struct {
  int socket;        /* -1: closed */
  gboolean is_ready; /* the other side has accepted our authentication */
  gboolean is_peer;  /* messages wait for that */
  gsize message_max; /* skip larger messages */
  gsize call_max;    /* of larger calls take only the head; 0: calls are as other messages */
  gboolean is_full;  /* the last read filled its room, so there may be more to read */
  GByteArray *in;    /* bytes read */
  gsize taken;       /* so many bytes at the begin of `in` are used up */
  gsize missing;     /* bytes still missing from the message in `in`; 0 if that is unknown */
  gsize skip;        /* so many bytes that follow belong to a skipped message */
  GArray *fds;       /* descriptors read that belong to messages not complete yet */
  GByteArray *out;   /* bytes to write */
  gsize out_peak;    /* the most that `out` had since it got its memory */
  gsize written;     /* so many bytes at the begin of `out` are written */
  GArray *passing;   /* of Passing: the descriptors of messages in `out`, in order */
  GByteArray *held;  /* messages to a peer that has not accepted our authentication yet */
} QuiltDbusStream;

typedef enum {
  QUILT_DBUS_STREAM_MESSAGE,
  QUILT_DBUS_STREAM_NOTHING, /* no message is complete */
  QUILT_DBUS_STREAM_BROKEN,  /* the error is set */
} QuiltDbusStreamResult;

/* Takes ownership of a connected socket, and begins the authentication. To a bus, the first message
 * goes out with it: both common buses accept that. sd-bus, and so systemd, would read such a
 * message only when more bytes come, so messages to a peer wait for the answer. */
void quilt_dbus_stream_init (QuiltDbusStream *self, int socket, gboolean is_peer);
/* Closes the socket, and drops bytes not written. */
void quilt_dbus_stream_close (QuiltDbusStream *self);
/* Closes the socket, and frees the rest. */
void quilt_dbus_stream_clear (QuiltDbusStream *self);

/* Writes as much as possible without waiting, and queues the rest. With descriptors, which the
 * caller keeps, it blocks until all is written. Returns FALSE with errno set on failure. */
gboolean quilt_dbus_stream_send (
    QuiltDbusStream *self, const void *data, gsize size, const int *fds, guint n_fds);
/* Queues a message without writing, and takes ownership of the descriptors and of the array. fds:
 * NULL if n_fds is 0. */
void quilt_dbus_stream_queue (
    QuiltDbusStream *self, const void *data, gsize size, int *fds, guint n_fds);

/* Writes as much of the queue as possible without waiting. Returns FALSE with errno set on failure.
 */
gboolean quilt_dbus_stream_flush (QuiltDbusStream *self);
/* The number of bytes in the queue. */
gsize quilt_dbus_stream_get_backlog (const QuiltDbusStream *self);
gboolean quilt_dbus_stream_has_output (const QuiltDbusStream *self);

/* Writes the whole queue, and waits for the other side, for at most timeout_msec in which it reads
 * nothing. */
void quilt_dbus_stream_drain (QuiltDbusStream *self, int timeout_msec);

/* Reads once, which may block. Returns FALSE if the connection has ended. */
gboolean quilt_dbus_stream_receive (QuiltDbusStream *self, GError **error);

/* Takes the next complete message out of the bytes read. ret_data is valid until the next call. Of
 * a call that is larger than call_max, returns only the head (see
 * quilt_dbus_message_measure_head()), and skips the rest. */
QuiltDbusStreamResult quilt_dbus_stream_next (QuiltDbusStream *self,
                                              const guint8 **ret_data,
                                              gsize *ret_size,
                                              GError **error);

/* Takes the first n descriptors received. Owned by the caller; NULL if n is 0. */
int *quilt_dbus_stream_take_fds (QuiltDbusStream *self, guint n);

/* A new error CLOSED for a connection that has ended. */
GError *quilt_dbus_stream_describe (const char *why);
