/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats values for people. */
#include "ctl/text.h"

#include "base/text.h"
#include "spec/options/options.h"
#include "spec/quantities.h"

#include <string.h>

#define MSEC G_GUINT64_CONSTANT (1000)
#define SEC (1000 * MSEC)
#define MIN_ (60 * SEC)
#define HOUR (60 * MIN_)
#define DAY (24 * HOUR)
#define SHORT_ID 12

char *
quilt_text_line (const char *text)
{
  return quilt_text_printable (text, -1, G_MAXSIZE);
}

static guint
char_width (gunichar c)
{
  if (c < 0x80)
    return 1;
  return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
}

guint
quilt_text_width (const char *text)
{
  guint width = 0;

  for (; *text; text = g_utf8_next_char (text))
    width += char_width (g_utf8_get_char (text));
  return width;
}

char *
quilt_text_ellipsize (const char *text, guint width)
{
  const char *end = text;
  guint used = 0;

  if (quilt_text_width (text) <= width)
    return g_strdup (text);
  while (used + char_width (g_utf8_get_char (end)) < width) {
    used += char_width (g_utf8_get_char (end));
    end = g_utf8_next_char (end);
  }
  return g_strdup_printf ("%.*s…", (int)(end - text), text);
}

char *
quilt_text_ago (guint64 usec, guint64 now_usec)
{
  static const struct {
    guint64 unit;
    const char *one, *many;
  } units[] = {{365 * DAY, " year", " years"},
               {30 * DAY, " month", " months"},
               {7 * DAY, " week", " weeks"},
               {DAY, " day", " days"},
               {HOUR, "h", "h"},
               {MIN_, "min", "min"},
               {SEC, "s", "s"}};
  guint64 passed = now_usec - MIN (usec, now_usec);

  if (usec == 0)
    return g_strdup ("-");
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    guint64 n = passed / units[i].unit;

    if (n > 0)
      return g_strdup_printf ("%" G_GUINT64_FORMAT "%s ago", n,
                              n == 1 ? units[i].one : units[i].many);
  }
  return g_strdup ("now");
}

char *
quilt_text_time (guint64 usec)
{
  g_autoptr (GDateTime) time = usec > 0 && usec / SEC <= G_MAXINT64
                                   ? g_date_time_new_from_unix_local ((gint64)(usec / SEC))
                                   : NULL;

  return time ? g_date_time_format (time, "%a %Y-%m-%d %H:%M:%S %Z") : g_strdup ("-");
}

char *
quilt_text_bytes (guint64 bytes)
{
  static const char units[] = "BKMGTPE";
  double value = (double)bytes;
  guint unit = 0;

  if (bytes == QUILT_INFINITY)
    return g_strdup ("infinity");
  for (; value >= 1024 && units[unit + 1]; unit++)
    value /= 1024;
  return value == (double)(guint64)value
             ? g_strdup_printf ("%" G_GUINT64_FORMAT "%c", (guint64)value, units[unit])
             : g_strdup_printf ("%.1f%c", value, units[unit]);
}

char *
quilt_text_duration (guint64 usec)
{
  static const struct {
    guint64 unit;
    const char *name;
  } units[] = {{DAY, "d"}, {HOUR, "h"}, {MIN_, "min"}, {SEC, "s"}, {MSEC, "ms"}, {1, "us"}};
  GString *text;

  if (usec == QUILT_INFINITY)
    return g_strdup ("infinity");
  if (usec == 0)
    return g_strdup ("0");
  text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    if (usec / units[i].unit == 0)
      continue;
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT "%s", text->len ? " " : "",
                            usec / units[i].unit, units[i].name);
    usec %= units[i].unit;
  }
  return g_string_free (text, FALSE);
}

char *
quilt_text_cpus (guint64 usec)
{
  return usec == QUILT_INFINITY ? g_strdup ("infinity")
                                : g_strdup_printf ("%g", (double)usec / (double)SEC);
}

char *
quilt_text_short_id (const char *id)
{
  const char *hex = g_str_has_prefix (id, "sha256:") ? id + strlen ("sha256:") : id;

  if ((hex == id && strlen (id) != 32) || strspn (hex, "0123456789abcdef") != strlen (hex))
    return g_strdup (id);
  return g_strndup (hex, SHORT_ID);
}

/* JSON always escapes characters below U+0020. Escape the others that terminals act on. */
char *
quilt_text_json_printable (const char *json)
{
  GString *text = g_string_sized_new (strlen (json));

  while (*json) {
    gunichar c = g_utf8_get_char_validated (json, -1);

    if ((gint)c < 0) {
      g_string_append (text, "\\ufffd");
      json++;
      continue;
    }
    if (c >= 0x7f && c <= 0xffff && !g_unichar_isprint (c))
      g_string_append_printf (text, "\\u%04x", c);
    else
      g_string_append_unichar (text, c);
    json = g_utf8_next_char (json);
  }
  return g_string_free (text, FALSE);
}
