/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages between quiltd and its helpers, each a datagram on a SOCK_SEQPACKET socket.
 * proto/wire.h has their encoding. */
#pragma once

#include "base/file.h"
#include "proto/message-types.h"

void quilt_message_init (QuiltMessage *message, QuiltMessageType type);
/* Initializes an answer with the version, request and session of request. */
void quilt_message_init_answer (QuiltMessage *message,
                                QuiltMessageType type,
                                const QuiltMessage *request);
/* Cuts a text that is too long, at a character boundary. */
void quilt_message_set_text (QuiltMessage *message, const char *text);

/* Sends the message. Does not block for long, since the other side reads, and never raises SIGPIPE.
 * Returns FALSE with errno set: EPIPE or ECONNRESET if the other side is gone. */
gboolean quilt_message_send (int socket, const QuiltMessage *message);

/* As quilt_message_send(), with descriptors, which the sender keeps. */
gboolean
quilt_message_send_fds (int socket, const QuiltMessage *message, const int *fds, guint n_fds);

/* As quilt_message_send_fds(), with a body (or NULL) of at most QUILT_MESSAGE_BODY_MAX bytes
 * (EMSGSIZE). A small body is part of the datagram, a larger one is a sealed memory file. Version 1
 * has no bodies: EPROTONOSUPPORT. */
gboolean quilt_message_send_body (
    int socket, const QuiltMessage *message, const int *fds, guint n_fds, GBytes *body);

/* Receives and checks one message of any known version. Returns 1 if there was one; 0 if the other
 * side has closed; -1 with errno set: EAGAIN, EBADMSG (malformed: drop the connection),
 * EPROTONOSUPPORT (unknown version: drop the connection), … Drops descriptors and a body of the
 * message. */
int quilt_message_receive (int socket, QuiltMessage *ret_message);

/* As quilt_message_receive(), but returns up to room descriptors, which the caller owns. More than
 * room is EBADMSG. They get the lowest free numbers, in the order of sending. */
int quilt_message_receive_fds (
    int socket, QuiltMessage *ret_message, int *ret_fds, guint room, guint *ret_n_fds);

/* As quilt_message_receive_fds(), but also returns the body; NULL if there is none. */
int quilt_message_receive_body (int socket,
                                QuiltMessage *ret_message,
                                int *ret_fds,
                                guint room,
                                guint *ret_n_fds,
                                GBytes **ret_body);

/* Saves the message as the file dir_fd/name, atomically. NO_SPACE and BUSY: a later attempt may
 * succeed. */
gboolean quilt_message_save (
    int dir_fd, const char *name, const QuiltMessage *message, QuiltFileSync sync, GError **error);
/* Loads a message of any known version, with the checks of quilt_message_receive(). Errors:
 * NOT_FOUND; BUSY: not possible now; FAILED. */
gboolean
quilt_message_load (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error);
/* As quilt_message_load(), but refuses messages other than EXITED and FAILED, the end of a run. */
gboolean
quilt_message_load_end (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error);
