/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchange with the caller: sockets to connect to, descriptors to preserve, a pid file. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Connects to a Unix stream socket, for --console-socket and listenerPath. Returns -1 on error. */
int quilt_oci_socket_connect (const char *path, GError **error);

/* Writes pid to the file atomically. */
gboolean quilt_oci_write_pid_file (const char *path, pid_t pid, GError **error);

/* Checks that the descriptors to preserve are open. */
gboolean quilt_oci_check_preserved (int n, GError **error);
