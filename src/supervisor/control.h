/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor's line to quiltd: the one it was started with, then whichever quiltd connects. */
#pragma once

#include "proto/message.h"

#include <poll.h>

typedef struct {
  int listen_fd;
  int fd;          /* -1: quiltd is away */
  guint32 version; /* of the messages that this quiltd understands */
} QuiltControl;

/* Listens on dir_fd/supervisor. Takes fd over, whose peer has spoken the given version. */
gboolean
quilt_control_init (QuiltControl *control, int dir_fd, int fd, guint32 version, GError **error);
void quilt_control_clear (QuiltControl *control);

/* Sends, if quiltd is connected; otherwise quiltd gets the state when it connects. */
void quilt_control_send (QuiltControl *control, const QuiltMessage *message);

/* Answers a message that is not known, if its sender waits for an answer. */
void quilt_control_refuse (QuiltControl *control, const QuiltMessage *request);

/* Receives one message; 1: got one, 0: none for now, -1: the connection is gone. */
int quilt_control_receive (QuiltControl *control, QuiltMessage *ret_message);

/* While quiltd is away: whether it is back. Peers of other users are turned away. */
gboolean quilt_control_accept (QuiltControl *control);

/* The connection, or the socket that waits for one. */
struct pollfd quilt_control_poll (const QuiltControl *control);
