/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of an option of a container. Each has the option's key and the problem as data, beside its
 * message, which is "Failed to set option 'KEY'" and the problem. So a program that knows the
 * option by another name can word the error anew. On the bus both are in the error's details, see
 * "error-details" in dbus/org.quilt.xml. */
#pragma once

#include "base/error.h"

/* Sets an error of this option. format makes the problem, such as ": given twice". Returns FALSE.
 */
gboolean
quilt_option_error_set (GError **error, QuiltError code, const char *key, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Sets INVALID_ARGUMENT with "… to 'VALUE': WHY"; the value is quoted. Returns FALSE. */
gboolean
quilt_option_error_refuse (GError **error, const char *key, const char *value, const char *why);

/* Makes an error one of this option: its message becomes the problem, behind ": ". Returns FALSE.
 */
gboolean quilt_option_error_prefix (GError **error, const char *key);

/* Gives an error of QUILT_ERROR a key and a problem that came with it from another program. */
void quilt_option_error_attach (GError *error, const char *key, const char *problem);

/* The key of an error of an option, and the problem; both stay in error. NULL: it is another error,
 * and ret_problem is untouched. */
const char *quilt_option_error_get_key (const GError *error, const char **ret_problem);
