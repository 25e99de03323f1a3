/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox of the process that parses untrusted bytes. The process can only use one directory,
 * and set owners of files in it. */
#pragma once

#include <glib.h>

/* Confines the whole process, which must have one thread. It gets no new privileges and no core
 * dumps, bounded memory and descriptors, and no network or System V IPC. It keeps no descriptors
 * above last_fd, and only the capabilities that files need. It can only open files beneath dir_fd
 * (Landlock, Linux 5.19, if enabled). A step that needs a privilege we lack is skipped: that
 * privilege can't be misused either. */
gboolean quilt_sandbox_enter (int dir_fd, int last_fd, GError **error);
