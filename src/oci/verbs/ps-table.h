/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters the output of ps(1). */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The header of table, and the rows whose column PID is one of pids. Sets INVALID_ARGUMENT if that
 * column is missing. Pure. Owned by the caller. */
char *quilt_ps_table_filter (const char *table, const pid_t *pids, gsize n_pids, GError **error);
