/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts that people write for structures of options. Two callers read them: quiltctl, on its
 * command line, and the reader of records that earlier versions of Quilt wrote. */
#pragma once

#include <glib.h>

/* Parts are divided by ':'. A colon or a backslash of a part has a backslash before it, except in a
 * rate, which begins after the last colon. option is how errors name the option, text is UTF-8. The
 * structure is floating; quiltd checks what its members say. INVALID_ARGUMENT, or NOT_SUPPORTED for
 * what other engines have, naming option and text. */
#define QUILT_FROM_TEXT(name) GVariant *name (const char *option, const char *text, GError **error)
QUILT_FROM_TEXT (quilt_volume_from_text);    /* "HOST-PATH:PATH[:OPTION,…]" → (ssas) */
QUILT_FROM_TEXT (quilt_tmpfs_from_text);     /* "PATH[:OPTION,…]" → (sas) */
QUILT_FROM_TEXT (quilt_device_from_text);    /* "HOST[:PATH[:ACCESS]]", "HOST:ACCESS" → (sss) */
QUILT_FROM_TEXT (quilt_byte_rate_from_text); /* "/dev/sda:1M" → (st), units of 1024 */
QUILT_FROM_TEXT (quilt_operation_rate_from_text); /* "/dev/sda:1000" → (st) */
