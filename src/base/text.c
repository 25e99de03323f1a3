/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts for messages: untrusted bytes made safe to print, and the similarity of words. */
#include "base/text.h"

#include <string.h>

/* How many of the first n bytes are printable ASCII, which most texts consist of. */
static gsize
count_plain (const char *bytes, gsize n)
{
  gsize i = 0;

  while (i < n && bytes[i] >= ' ' && bytes[i] <= '~')
    i++;
  return i;
}

char *
quilt_text_printable (const char *bytes, gssize length, gsize max_bytes)
{
  const char *end = bytes + (length < 0 ? strlen (bytes) : (gsize)length);
  GString *text = g_string_new (NULL);

  while (bytes < end) {
    gsize plain =
        count_plain (bytes, MIN ((gsize)(end - bytes), max_bytes - MIN (text->len, max_bytes)));
    gunichar c;

    g_string_append_len (text, bytes, (gssize)plain);
    bytes += plain;
    if (bytes == end)
      break;
    c = g_utf8_get_char_validated (bytes, end - bytes);
    if (text->len >= max_bytes) {
      g_string_append (text, "…");
      break;
    }
    /* Invisible format characters (Cf) are escaped, since they could reverse a name on a
     * terminal. */
    if ((gint)c < 0 || c == 0 || !(g_unichar_isprint (c) || c == ' ')) {
      g_string_append_printf (text, "\\x%02x", (guchar)*bytes++);
    } else {
      g_string_append_unichar (text, c);
      bytes = g_utf8_next_char (bytes);
    }
  }
  return g_string_free (text, FALSE);
}

char *
quilt_text_quote (const char *text)
{
  return quilt_text_printable (text, -1, QUILT_QUOTE_MAX);
}

/* Computed with one row. */
guint
quilt_text_distance (const char *a, const char *b)
{
  guint row[QUILT_DISTANCE_MAX + 1];
  gsize length = strnlen (b, QUILT_DISTANCE_MAX);

  for (guint j = 0; j <= length; j++)
    row[j] = j;
  for (guint i = 1; *a; a++, i++) {
    guint diagonal = row[0];

    row[0] = i;
    for (guint j = 1; j <= length; j++) {
      guint above = row[j];

      row[j] = MIN (MIN (row[j], row[j - 1]) + 1, diagonal + (*a != b[j - 1]));
      diagonal = above;
    }
  }
  return row[length];
}
