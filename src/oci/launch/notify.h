/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relays sd_notify(3) from a container: it gets a socket of ours, and our caller's NOTIFY_SOCKET
 * only gets READY=1. If the container reached systemd's socket, a root process in it could name any
 * process as the service's main process. */
#pragma once

#include "oci/state/container.h"

/* If we have a NOTIFY_SOCKET, makes a directory for the container's socket, mounts it on
 * /run/notify, and sets NOTIFY_SOCKET in the command's environment. */
gboolean quilt_oci_notify_prepare (const QuiltOci *oci,
                                   const QuiltOciContainer *container,
                                   QuiltSpec *spec,
                                   GError **error);

/* Makes the socket. *ret_fd is -1 if the container has no such directory, or we have no
 * NOTIFY_SOCKET. */
gboolean quilt_oci_notify_listen (const QuiltOciContainer *container, int *ret_fd, GError **error);

/* Reads a message from the socket, which would block the container once it is full. Returns whether
 * the message was READY=1, and passes that on with main_pid, the service's main process. main_pid
 * 0: it was passed on before. */
gboolean quilt_oci_notify_relay (int fd, pid_t main_pid);

/* Waits for READY=1, or for the container's end. */
void quilt_oci_notify_await (int fd, int pid_fd, pid_t main_pid);
