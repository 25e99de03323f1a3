/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls that are left to a process that parses a stranger's bytes. */
#pragma once

#include <glib.h>

/* From now on, and for all threads to come, this process may read and write what it has open and
 * what Landlock lets it open, and make threads; nothing else. Other calls fail with EPERM; those of
 * another architecture's kind kill the process. FALSE with errno. See base/call-filter.h. */
gboolean quilt_filter_install (void);
