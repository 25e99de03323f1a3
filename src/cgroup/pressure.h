/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure stall information, as in memory.pressure: Documentation/accounting/psi.rst. */
#pragma once

#include <glib.h>

/* Calls add for each "KEY=VALUE" of the lines that begin with "some" or "full". line is that word;
 * key is "avg10", "avg60", "avg300" or "total". Skips other lines. Pure. */
void quilt_cgroup_parse_pressure (
    const char *text,
    void (*add) (const char *line, const char *key, const char *value, gpointer data),
    gpointer data);
