/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content digests as file names: "sha256:" and 64 lower-case hexadecimal digits. Pure. */
#pragma once

#include <glib.h>

#define QUILT_DIGEST_PREFIX "sha256:"
#define QUILT_DIGEST_HEX_LENGTH 64

/* The digits of digest, a pointer into it. NULL if digest does not have exactly this form. The
 * digits are safe as a file name. */
const char *quilt_digest_hex (const char *digest);

/* Whether text consists of exactly these digits. */
gboolean quilt_digest_hex_check (const char *text);
