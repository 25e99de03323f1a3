/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats log entries as lines. */
#include "ctl/log-format.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* A longer line is printed in pieces, instead of being kept in memory. */
#define LINE_MAX_BYTES (1024 * 1024)

static const char *const names[] = {
    [QUILT_LOG_SHORT] = "short",
    [QUILT_LOG_SHORT_ISO] = "short-iso",
    [QUILT_LOG_SHORT_PRECISE] = "short-precise",
    [QUILT_LOG_CAT] = "cat",
    [QUILT_LOG_JSON] = "json",
    [QUILT_LOG_JSON_PRETTY] = "json-pretty",
};

static const char *const time_formats[] = {
    [QUILT_LOG_SHORT] = "%b %d %H:%M:%S",
    [QUILT_LOG_SHORT_ISO] = "%Y-%m-%dT%H:%M:%S%z",
    [QUILT_LOG_SHORT_PRECISE] = "%b %d %H:%M:%S.%f",
};

gboolean
quilt_log_format_parse (const char *name, QuiltLogFormat *ret_format, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], name) == 0) {
      *ret_format = i;
      return TRUE;
    }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read output format '%s': must be short, short-iso, short-precise, cat, "
               "json or json-pretty",
               name);
  return FALSE;
}

void
quilt_log_formatter_clear (QuiltLogFormatter *formatter)
{
  for (guint i = 0; i < G_N_ELEMENTS (formatter->unfinished); i++)
    if (formatter->unfinished[i])
      g_string_free (formatter->unfinished[i], TRUE);
}

/* Tabs are kept: they only move a terminal's cursor forward. */
static void
append_printable (GString *text, const char *message, gsize length)
{
  const char *end = message + length;

  while (message < end) {
    const char *tab = memchr (message, '\t', (gsize)(end - message));
    const char *stop = tab ? tab : end;
    g_autofree char *piece = quilt_text_printable (message, stop - message, G_MAXSIZE);

    g_string_append (text, piece);
    if (tab)
      g_string_append_c (text, '\t');
    message = tab ? tab + 1 : end;
  }
}

static void
append_time (const QuiltLogFormatter *formatter, guint64 usec, GString *text)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local ((gint64)(usec / G_USEC_PER_SEC));
  g_autoptr (GDateTime) precise =
      time ? g_date_time_add (time, (GTimeSpan)(usec % G_USEC_PER_SEC)) : NULL;
  g_autofree char *stamp =
      precise ? g_date_time_format (precise, time_formats[formatter->format]) : g_strdup ("-");

  g_string_append_printf (text, "%s ", stamp);
}

static void
append_line (const QuiltLogFormatter *formatter,
             const QuiltLogEntry *entry,
             const char *line,
             gsize length,
             GString *text)
{
  const char *name = entry->name ? entry->name : "-";

  if (!formatter->without_time)
    append_time (formatter, entry->sent_usec, text);
  if (!formatter->without_name) {
    append_printable (text, name, strlen (name));
    if (entry->step > 0)
      g_string_append_printf (text, "[setup %u]", entry->step);
    g_string_append (text, ": ");
  }
  if (formatter->for_terminal)
    append_printable (text, line, length);
  else
    g_string_append_len (text, line, (gssize)length);
  g_string_append_c (text, '\n');
}

void
quilt_log_format (QuiltLogFormatter *formatter, const QuiltLogEntry *entry, GString *text)
{
  GString **slot = &formatter->unfinished[g_strcmp0 (entry->stream, "stderr") == 0];

  if (formatter->format == QUILT_LOG_CAT) {
    g_string_append_len (text, entry->message, (gssize)entry->length);
    if (!entry->partial)
      g_string_append_c (text, '\n');
    return;
  }
  if (!entry->partial && !*slot) {
    append_line (formatter, entry, entry->message, entry->length, text);
    return;
  }
  if (!*slot)
    *slot = g_string_new (NULL);
  g_string_append_len (*slot, entry->message, (gssize)entry->length);
  if (entry->partial && (*slot)->len < LINE_MAX_BYTES)
    return;
  append_line (formatter, entry, (*slot)->str, (*slot)->len, text);
  g_string_free (g_steal_pointer (slot), TRUE);
}
