/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchange with the caller: sockets to connect to, descriptors to preserve, a pid file. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Connects to a Unix stream socket: of --console-socket, of listenerPath. -1 on error. */
int quilt_oci_socket_connect (const char *path, GError **error);

/* Writes pid to the file, which is there with the whole number or not at all. */
gboolean quilt_oci_write_pid_file (const char *path, pid_t pid, GError **error);

/* That the caller has the descriptors open that it asked to preserve. */
gboolean quilt_oci_check_preserved (int n, GError **error);
