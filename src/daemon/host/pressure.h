/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a container waits for memory, CPU and disks: the kernel's pressure stall information. */
#pragma once

#include <glib.h>

/* Of a scope that runs, by its place, at this moment, and of resource "memory", "cpu" or "io":
 * a{sv} with "some-avg10", "some-avg60", "some-avg300" (d, percent of the time), "some-total" (t,
 * µs), and the same with "full". Empty where the kernel does not say (it was built or booted
 * without PSI), or scope is empty. A new reference, not floating. See
 * Documentation/accounting/psi.rst. */
GVariant *quilt_pressure_read (const char *place, const char *resource);

/* The text of such a file. Pure; floating. */
GVariant *quilt_pressure_parse (const char *text);
