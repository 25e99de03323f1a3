/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor's connection to quiltd: first the inherited one, later any that a new quiltd
 * makes. */
#pragma once

#include "proto/message.h"

#include <poll.h>

typedef struct {
  int listen_fd;
  int fd;          /* -1: quiltd is not connected */
  guint32 version; /* message version that this quiltd understands */
} QuiltControl;

/* Listens on dir_fd/supervisor. Takes ownership of fd, whose peer has used the given message
 * version. */
gboolean
quilt_control_init (QuiltControl *control, int dir_fd, int fd, guint32 version, GError **error);
void quilt_control_clear (QuiltControl *control);

/* Sends the message if quiltd is connected. Otherwise quiltd gets the state when it connects. */
void quilt_control_send (QuiltControl *control, const QuiltMessage *message);

/* Answers an unknown message with an error, if its sender waits for an answer. */
void quilt_control_refuse (QuiltControl *control, const QuiltMessage *request);

/* Receives one message. Returns 1 if there was one, 0 if there is none now, -1 if the connection
 * has ended. Drops descriptors. */
int quilt_control_receive (QuiltControl *control, QuiltMessage *ret_message);
/* As quilt_control_receive(), but returns up to room descriptors, which the caller owns. */
int quilt_control_receive_fds (
    QuiltControl *control, QuiltMessage *ret_message, int *ret_fds, guint room, guint *ret_n_fds);

/* Accepts a connection while quiltd is away. Returns whether quiltd is back. Refuses peers with
 * another uid. */
gboolean quilt_control_accept (QuiltControl *control);

/* The connection, or the listening socket while there is none. */
struct pollfd quilt_control_poll (const QuiltControl *control);
