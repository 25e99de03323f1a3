/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps, as users type them. Pure. */
#pragma once

#include <glib.h>

/* Converts a --setup step to its argv. "npm: typescript eslint" (also pip, gem, apt, apk, dnf)
 * becomes a non-interactive installation by that package manager. Any other step becomes
 * {"/bin/sh", "-c", step}. */
char **quilt_setup_step_argv (const char *step, GError **error);
