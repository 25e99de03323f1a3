/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages between quiltd and its helpers, each a datagram of a SOCK_SEQPACKET socket. How they
 * are written as bytes is in proto/wire.h. */
#pragma once

#include "base/file.h"
#include "proto/message-types.h"

void quilt_message_init (QuiltMessage *message, QuiltMessageType type);
/* Of the same version, request and session. */
void quilt_message_init_answer (QuiltMessage *message,
                                QuiltMessageType type,
                                const QuiltMessage *request);
/* Cuts at a character boundary. */
void quilt_message_set_text (QuiltMessage *message, const char *text);

/* Sends, never blocks for long (the other side reads), never raises SIGPIPE. FALSE with errno:
 * EPIPE, ECONNRESET when the other side is gone. */
gboolean quilt_message_send (int socket, const QuiltMessage *message);

/* Likewise with descriptors, which stay the sender's. */
gboolean
quilt_message_send_fds (int socket, const QuiltMessage *message, const int *fds, guint n_fds);

/* Likewise with a body, or NULL: bytes of any kind, at most QUILT_MESSAGE_BODY_MAX (EMSGSIZE). It
 * is a part of the datagram, or if it is too large for that, a sealed memory file beside it.
 * Version 1 has no bodies: EPROTONOSUPPORT. */
gboolean quilt_message_send_body (
    int socket, const QuiltMessage *message, const int *fds, guint n_fds, GBytes *body);

/* Receives one message of any version that is known, and checks it. 1: got one; 0: the other side
 * closed; -1 with errno: EAGAIN, EBADMSG (malformed: drop the connection), EPROTONOSUPPORT (a
 * version that is not known: likewise), … Descriptors and a body that came along are dropped. */
int quilt_message_receive (int socket, QuiltMessage *ret_message);

/* Likewise with at most room descriptors, the caller's if one message was received; more of them
 * are EBADMSG. They have the lowest numbers that are free, in the order they were sent in. */
int quilt_message_receive_fds (
    int socket, QuiltMessage *ret_message, int *ret_fds, guint room, guint *ret_n_fds);

/* Likewise with its body; NULL if it has none. */
int quilt_message_receive_body (int socket,
                                QuiltMessage *ret_message,
                                int *ret_fds,
                                guint room,
                                guint *ret_n_fds,
                                GBytes **ret_body);

/* Keeps a message as the file dir_fd/name: whole or not at all. NO_SPACE, BUSY: it may be possible
 * later. */
gboolean quilt_message_save (
    int dir_fd, const char *name, const QuiltMessage *message, QuiltFileSync sync, GError **error);
/* Reads it, in any version that is known, with the checks of quilt_message_receive(). NOT_FOUND;
 * BUSY: not now; or FAILED. */
gboolean
quilt_message_load (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error);
/* Likewise, and refuses what is not the end of a run: EXITED or FAILED. */
gboolean
quilt_message_load_end (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error);
