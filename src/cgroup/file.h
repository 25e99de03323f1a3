/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a cgroup: cgroup-v2.rst of the kernel. dir_fd is the directory of the cgroup. */
#pragma once

#include <glib.h>

/* The text of a file, without the newline at its end; NULL with errno. Owned by the caller. */
char *quilt_cgroup_read (int dir_fd, const char *name);
/* The same, of a cgroup whose directory has this path. */
char *quilt_cgroup_read_in (const char *cgroup, const char *name);

/* A file with one number; "max" is G_MAXUINT64. FALSE if it can't be read, or holds no number. */
gboolean quilt_cgroup_read_number (int dir_fd, const char *name, guint64 *ret_value);

/* Writes text with one write(2), which the kernel takes whole or not at all. FALSE with errno. */
gboolean quilt_cgroup_write (int dir_fd, const char *name, const char *text);

/* The number after key in a text of lines "KEY NUMBER", as cgroup.events and memory.events have
 * them. FALSE if no line has the key. Pure. */
gboolean quilt_cgroup_find_key (const char *text, const char *key, guint64 *ret_value);
/* The same in a file, which is read up to 4 KiB. FALSE with errno: ENODATA if no line has the key.
 */
gboolean quilt_cgroup_read_key (int dir_fd, const char *name, const char *key, guint64 *ret_value);
/* The same in a file that is open, and is read again from its beginning. */
gboolean quilt_cgroup_pread_key (int fd, const char *key, guint64 *ret_value);

/* Whether errsv says that a cgroup, or a file of it, does not exist. After any other error it is
 * not known whether the cgroup exists, and has processes. */
gboolean quilt_cgroup_is_gone (int errsv);
