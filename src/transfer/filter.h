/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filter of a process that parses untrusted bytes. */
#pragma once

#include <glib.h>

/* From now on this process and all its later threads can only read and write open files, open files
 * that Landlock allows, and make threads. Other calls fail with EPERM, and calls of another
 * architecture kill the process. Returns FALSE with errno set. See base/call-filter.h. */
gboolean quilt_filter_install (void);
