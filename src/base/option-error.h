/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of an option of a container. An error on the bus is a name and a sentence, so the sentence
 * carries the option's key: it begins with "Failed to set option 'KEY'", as dbus/org.quilt.xml
 * promises to clients. This module alone writes and reads that beginning. */
#pragma once

#include "base/error.h"

/* Sets an error with that beginning, and what format makes behind it. Returns FALSE. */
gboolean
quilt_option_error_set (GError **error, QuiltError code, const char *key, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* INVALID_ARGUMENT: "… to 'VALUE': WHY", with the value quoted. Returns FALSE. */
gboolean
quilt_option_error_refuse (GError **error, const char *key, const char *value, const char *why);

/* Puts that beginning, and ": ", before the message of an error. Returns FALSE. */
gboolean quilt_option_error_prefix (GError **error, const char *key);

/* The key of an error of an option, owned by the caller; ret_rest is what follows in its message.
 * NULL: it is another error. */
char *quilt_option_error_get_key (const GError *error, const char **ret_rest);
