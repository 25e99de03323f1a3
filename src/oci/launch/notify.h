/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd_notify(3) from a container: its socket is ours, and of what it says our caller's NOTIFY_SOCKET
 * hears READY=1 alone. A container that talked to systemd itself could name any process as the
 * service's main one, which root may. */
#pragma once

#include "oci/state/container.h"

/* If we have a NOTIFY_SOCKET, makes the directory for the container's, and has it mounted on
 * /run/notify, with NOTIFY_SOCKET in the command's environment. */
gboolean quilt_oci_notify_prepare (const QuiltOci *oci,
                                   const QuiltOciContainer *container,
                                   QuiltSpec *spec,
                                   GError **error);

/* Makes the socket; *ret_fd is -1 if the container has no such directory, or we no NOTIFY_SOCKET.
 */
gboolean quilt_oci_notify_listen (const QuiltOciContainer *container, int *ret_fd, GError **error);

/* Takes a message from the socket. Returns whether it was READY=1, and passes that on with
 * main_pid, the service's main process; 0: it was passed on before. If nobody read the socket, the
 * container would block once it is full. */
gboolean quilt_oci_notify_relay (int fd, pid_t main_pid);

/* Waits for that, or for the container's end. */
void quilt_oci_notify_await (int fd, int pid_fd, pid_t main_pid);
