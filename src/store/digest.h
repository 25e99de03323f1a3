/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content digests as names: "sha256:" and 64 lower-case hexadecimal digits. Pure. */
#pragma once

#include <glib.h>

#define QUILT_DIGEST_PREFIX "sha256:"
#define QUILT_DIGEST_HEX_LENGTH 64

/* The digits of digest, a pointer into it; NULL if it is not exactly of that form. What passes is
 * safe as the name of a file. */
const char *quilt_digest_hex (const char *digest);

/* Whether text is the digits alone. */
gboolean quilt_digest_hex_check (const char *text);
