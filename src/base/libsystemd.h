/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsystemd, loaded when it is needed: linked, it and the six libraries that it brings would cost
 * each start of a program half as much time again. */
#pragma once

#include <glib.h>

/* Loads the library and looks up the functions of these names (NULL-terminated), in their order;
 * the library stays loaded. ret_functions has size bytes: one pointer for each name. FAILED if the
 * library or a function is missing. */
gboolean
quilt_libsystemd_load (const char *const *names, void *ret_functions, gsize size, GError **error);
