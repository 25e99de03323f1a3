/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of a container's options. Besides its message, "Failed to set option 'KEY'" and the
 * problem, each has the key and the problem as data. So a program with another name for the option
 * can word the error again. On the bus, both are in the error's details, see "error-details" in
 * dbus/org.quilt.xml. */
#pragma once

#include "base/error.h"

/* Sets an error of this option. format gives the problem, such as ": given twice". Returns
 * FALSE. */
gboolean
quilt_option_error_set (GError **error, QuiltError code, const char *key, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Sets INVALID_ARGUMENT with "… to 'VALUE': WHY"; the value is quoted. Returns FALSE. */
gboolean
quilt_option_error_refuse (GError **error, const char *key, const char *value, const char *why);

/* Turns an error into one of this option: its message becomes the problem, after ": ". Returns
 * FALSE. */
gboolean quilt_option_error_prefix (GError **error, const char *key);

/* Adds a key and a problem, which another program has sent, to an error of QUILT_ERROR. */
void quilt_option_error_attach (GError *error, const char *key, const char *problem);

/* The key and the problem of an option's error, borrowed from error. NULL if the error is not about
 * an option; ret_problem is then untouched. */
const char *quilt_option_error_get_key (const GError *error, const char **ret_problem);
