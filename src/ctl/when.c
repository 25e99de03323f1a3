/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses points in time. */
#include "ctl/when.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/options/options.h"
#include "spec/quantities.h"

#include <string.h>

/* Units that systemd.time(7) has and our durations lack. */
static const struct {
  const char *word;
  const char *unit;
  guint factor;
} words[] = {
    {"second", "s", 1},    {"seconds", "s", 1}, {"sec", "s", 1},     {"minute", "min", 1},
    {"minutes", "min", 1}, {"hour", "h", 1},    {"hours", "h", 1},   {"hr", "h", 1},
    {"day", "d", 1},       {"days", "d", 1},    {"week", "d", 7},    {"weeks", "d", 7},
    {"w", "d", 7},         {"month", "d", 30},  {"months", "d", 30}, {"year", "d", 365},
    {"years", "d", 365},
};

/* Parses one span, "10min" or "10 minutes". unit is the word for its unit. */
static gboolean
parse_span (const char *number, const char *unit, guint64 *ret_usec)
{
  g_autofree char *text = NULL;
  guint factor = 1;
  guint64 usec;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (words[i].word, unit) == 0) {
      unit = words[i].unit;
      factor = words[i].factor;
      break;
    }
  text = g_strconcat (number, unit, NULL);
  return quilt_parse_duration (text, &usec, NULL) && usec != QUILT_INFINITY &&
         g_uint64_checked_mul (ret_usec, usec, factor);
}

/* Parses a sum of spans: "1h 30min", "2 days". */
static gboolean
parse_spans (const char *text, guint64 *ret_usec)
{
  guint64 sum = 0, usec;

  while (*text) {
    gsize digits = strspn (text, "0123456789.");
    gsize spaces = strspn (text + digits, " ");
    const char *word = text + digits + spaces;
    gsize letters = 0;
    g_autofree char *number = g_strndup (text, digits);
    g_autofree char *unit = NULL;

    while (g_ascii_isalpha (word[letters]))
      letters++;
    unit = g_strndup (word, letters);
    if (digits == 0 || !parse_span (number, unit, &usec) || !g_uint64_checked_add (&sum, sum, usec))
      return FALSE;
    text = word + letters;
    text += strspn (text, " ");
  }
  *ret_usec = sum;
  return TRUE;
}

static gboolean
parse_relative (const char *text, guint64 now_usec, guint64 *ret_usec)
{
  g_autofree char *spans = NULL;
  guint64 usec;

  if (g_str_has_suffix (text, " ago"))
    spans = g_strndup (text, strlen (text) - strlen (" ago"));
  else
    spans = g_strdup (text[0] == '-' ? text + 1 : text); /* podman's form "10m" */
  if (!*spans || !parse_spans (spans, &usec))
    return FALSE;
  *ret_usec = now_usec - MIN (usec, now_usec);
  return TRUE;
}

static guint64
start_of_day (guint64 now_usec, int days)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local ((gint64)(now_usec / G_USEC_PER_SEC));
  g_autoptr (GDateTime) day = g_date_time_add_days (now, days);
  g_autoptr (GDateTime) start =
      g_date_time_new_local (g_date_time_get_year (day), g_date_time_get_month (day),
                             g_date_time_get_day_of_month (day), 0, 0, 0);

  return (guint64)g_date_time_to_unix (start) * G_USEC_PER_SEC;
}

static gboolean
parse_word (const char *text, guint64 now_usec, guint64 *ret_usec)
{
  const char *number = text[0] == '@' ? text + 1 : text; /* podman omits the '@' */

  if (strcmp (text, "now") == 0)
    *ret_usec = now_usec;
  else if (strcmp (text, "today") == 0)
    *ret_usec = start_of_day (now_usec, 0);
  else if (strcmp (text, "yesterday") == 0)
    *ret_usec = start_of_day (now_usec, -1);
  else
    return number[strspn (number, "0123456789.")] == '\0' &&
           quilt_parse_duration (number, ret_usec, NULL);
  return TRUE;
}

/* GDateTime parses ISO 8601 with seconds. Completes what the user has left out. */
static gboolean
parse_date (const char *text, guint64 now_usec, guint64 *ret_usec)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (GDateTime) today =
      g_date_time_new_from_unix_local ((gint64)(now_usec / G_USEC_PER_SEC));
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *date = g_date_time_format (today, "%Y-%m-%d");
  const char *clock = text;
  g_autofree char *iso = NULL;
  gsize length = strlen (text);

  if (length >= 10 && text[4] == '-' && text[7] == '-') {
    g_free (date);
    date = g_strndup (text, 10);
    clock = text[10] == ' ' || text[10] == 'T' || text[10] == 't' ? text + 11 : text + 10;
  }
  if (length == 0)
    return FALSE;
  if (*clock == '\0')
    clock = "00:00:00";
  iso = g_strconcat (date, "T", clock, strlen (clock) == strlen ("00:00") ? ":00" : "", NULL);
  time = g_date_time_new_from_iso8601 (iso, zone);
  if (!time || g_date_time_to_unix (time) < 0)
    return FALSE;
  *ret_usec = (guint64)g_date_time_to_unix (time) * G_USEC_PER_SEC +
              (guint64)g_date_time_get_microsecond (time);
  return TRUE;
}

gboolean
quilt_when_parse (const char *text, guint64 now_usec, guint64 *ret_usec, GError **error)
{
  g_autofree char *quoted = NULL;

  if (parse_word (text, now_usec, ret_usec) || parse_relative (text, now_usec, ret_usec) ||
      parse_date (text, now_usec, ret_usec))
    return TRUE;
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read time '%s': must be like '2026-11-23 12:00:00', '12:00', 'today', "
               "'10min ago', '10m' or '1700000000'",
               quoted);
  return FALSE;
}
