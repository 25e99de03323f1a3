/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure stall information: how much a container waits for memory, CPU and disks. */
#pragma once

#include <glib.h>

/* The current pressure of a scope, by its place, for resource "memory", "cpu" or "io": a{sv} with
 * "some-avg10", "some-avg60", "some-avg300" (d, percent of the time), "some-total" (t, µs), and the
 * same with "full". Empty if the kernel has no PSI, or place is empty. Returns a new reference, not
 * floating. See Documentation/accounting/psi.rst. */
GVariant *quilt_pressure_read (const char *place, const char *resource);

/* Converts the text of such a file. Pure; floating. */
GVariant *quilt_pressure_parse (const char *text);
