/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of ps(1), reduced to some processes. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The header and the rows of table whose column PID has one of pids. INVALID_ARGUMENT if there is
 * no such column. Pure. Owned by the caller. */
char *quilt_ps_table_filter (const char *table, const pid_t *pids, gsize n_pids, GError **error);
