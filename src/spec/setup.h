/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps, as users type them. Pure. */
#pragma once

#include <glib.h>

/* Converts a --setup step to its argv. If the first word ends with ':', it is a keyword:
 * "npm: typescript eslint" (also apt, apk, dnf, pip, gem, go, cargo, composer) becomes a
 * non-interactive installation by that package manager, and an unknown keyword is an error. Any
 * other step becomes {"/bin/sh", "-c", step}. Errors: INVALID_ARGUMENT. */
char **quilt_setup_step_argv (const char *step, GError **error);
