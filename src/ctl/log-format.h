/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats log entries as lines. */
#pragma once

#include "journal/journal.h"

typedef enum {
  QUILT_LOG_SHORT,
  QUILT_LOG_SHORT_ISO,
  QUILT_LOG_SHORT_PRECISE,
  QUILT_LOG_CAT,
  QUILT_LOG_JSON,
  QUILT_LOG_JSON_PRETTY,
} QuiltLogFormat;

/* Parses "short", "short-iso", "short-precise", "cat", "json" or "json-pretty". */
gboolean quilt_log_format_parse (const char *name, QuiltLogFormat *ret_format, GError **error);

typedef struct {
  QuiltLogFormat format;
  gboolean without_time, without_name; /* omit these from the head of a line */
  gboolean for_terminal;               /* escape unprintable characters, except with "cat" */
  GString *unfinished[2];              /* beginnings of split lines, by stream; NULL: none */
} QuiltLogFormatter;

void quilt_log_formatter_clear (QuiltLogFormatter *formatter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltLogFormatter, quilt_log_formatter_clear)

/* Appends the text of an entry, in one of the formats other than JSON. Appends nothing if the line
 * continues in the next entry. */
void quilt_log_format (QuiltLogFormatter *formatter, const QuiltLogEntry *entry, GString *text);
