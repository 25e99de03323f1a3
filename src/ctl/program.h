/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that quiltctl starts beside itself: an agent, a pager. */
#pragma once

#include <glib.h>

/* Starts argv (searched in PATH) with default signal handling. input: its stdin, -1: ours; extra:
 * its descriptor 3, -1: none. Returns 0 if it can't be started. */
GPid quilt_program_start (const char *const *argv, int input, int extra);
