/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the text form of options that are structures. Callers are quiltctl, for its command line,
 * and the reader of records that earlier versions of Quilt wrote. */
#pragma once

#include <glib.h>

/* Parts are separated by ':'. A colon or backslash within a part is escaped by a backslash, except
 * in a rate, which follows the last colon. option names the option in errors; text is UTF-8.
 * Returns a floating structure, whose members quiltd checks. Sets INVALID_ARGUMENT, or
 * NOT_SUPPORTED for forms of other engines; errors name option and text. */
#define QUILT_FROM_TEXT(name) GVariant *name (const char *option, const char *text, GError **error)
QUILT_FROM_TEXT (quilt_volume_from_text);    /* "HOST-PATH:PATH[:OPTION,…]" → (ssas) */
QUILT_FROM_TEXT (quilt_tmpfs_from_text);     /* "PATH[:OPTION,…]" → (sas) */
QUILT_FROM_TEXT (quilt_device_from_text);    /* "HOST[:PATH[:ACCESS]]", "HOST:ACCESS" → (sss) */
QUILT_FROM_TEXT (quilt_byte_rate_from_text); /* "/dev/sda:1M" → (st), units of 1024 */
QUILT_FROM_TEXT (quilt_operation_rate_from_text); /* "/dev/sda:1000" → (st) */
