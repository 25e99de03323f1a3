/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads libsystemd when it is needed. Linking it and its six dependencies would make each start of
 * a program half as long again. */
#pragma once

#include <glib.h>

/* Loads the library, which stays loaded, and looks up the functions of these names
 * (NULL-terminated). ret_functions gets a pointer for each name, size bytes in total. FAILED if the
 * library or a function is missing. */
gboolean
quilt_libsystemd_load (const char *const *names, void *ret_functions, gsize size, GError **error);
