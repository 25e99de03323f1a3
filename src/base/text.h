/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that a stranger chose, as text that is safe in a message. */
#pragma once

#include <glib.h>

/* At most about max_bytes of bytes (length -1: NUL-terminated) as valid UTF-8 on one line: control
 * characters and invalid bytes as \xNN, a cut shown by "…". Owned by the caller. */
char *quilt_text_printable (const char *bytes, gssize length, gsize max_bytes);

/* The same for the objects that error messages quote. */
#define QUILT_QUOTE_MAX 80
char *quilt_text_quote (const char *text);
