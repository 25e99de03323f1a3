/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts for messages: untrusted bytes made safe to print, and the similarity of words. */
#pragma once

#include <glib.h>

/* Converts about max_bytes of bytes (length -1: NUL-terminated) to valid UTF-8 on one line. Control
 * characters and invalid bytes become \xNN, and a cut is shown by "…". Owned by the caller. */
char *quilt_text_printable (const char *bytes, gssize length, gsize max_bytes);

/* As quilt_text_printable(), for the objects that error messages quote. */
#define QUILT_QUOTE_MAX 80
char *quilt_text_quote (const char *text);

/* The number of letters to add, remove or replace to make b of a (Levenshtein's distance). b must
 * have at most QUILT_DISTANCE_MAX bytes. */
#define QUILT_DISTANCE_MAX 32
guint quilt_text_distance (const char *a, const char *b);
