/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing the files of cgroups: cgroup-v2.rst of the kernel. dir_fd is a directory
 * descriptor of the cgroup. */
#pragma once

#include <glib.h>

/* Reads a file, without its trailing newline. Returns NULL with errno set. Owned by the caller. */
char *quilt_cgroup_read (int dir_fd, const char *name);
/* As quilt_cgroup_read(), for the cgroup directory with this path. */
char *quilt_cgroup_read_in (const char *cgroup, const char *name);

/* Reads a file that holds one number; "max" becomes G_MAXUINT64. Returns FALSE if the file can't be
 * read or holds no number. */
gboolean quilt_cgroup_read_number (int dir_fd, const char *name, guint64 *ret_value);

/* Writes text with one write(2), which the kernel accepts as a whole or not at all. Returns FALSE
 * with errno set. */
gboolean quilt_cgroup_write (int dir_fd, const char *name, const char *text);

/* Finds the number after key in lines "KEY NUMBER", the format of cgroup.events and memory.events.
 * Returns FALSE if no line has the key. Pure. */
gboolean quilt_cgroup_find_key (const char *text, const char *key, guint64 *ret_value);
/* As quilt_cgroup_find_key(), for a file of at most 4 KiB. Returns FALSE with errno set: ENODATA if
 * no line has the key. */
gboolean quilt_cgroup_read_key (int dir_fd, const char *name, const char *key, guint64 *ret_value);
/* As quilt_cgroup_read_key(), for an open file, which is read again from its beginning. */
gboolean quilt_cgroup_pread_key (int fd, const char *key, guint64 *ret_value);

/* Whether errsv means that the cgroup or its file does not exist. After any other error, the cgroup
 * may still exist and contain processes. */
gboolean quilt_cgroup_is_gone (int errsv);
