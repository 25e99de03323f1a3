/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure stall information, as in memory.pressure: Documentation/accounting/psi.rst. */
#pragma once

#include <glib.h>

/* Calls add for each "KEY=VALUE" of the lines "some" and "full": line is "some" or "full"; key is
 * "avg10", "avg60", "avg300" or "total". Other lines are skipped. Pure. */
void quilt_cgroup_parse_pressure (
    const char *text,
    void (*add) (const char *line, const char *key, const char *value, gpointer data),
    gpointer data);
