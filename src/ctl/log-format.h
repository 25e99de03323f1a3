/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log entries as lines. */
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

/* "short", "short-iso", "short-precise", "cat", "json", "json-pretty". */
gboolean quilt_log_format_parse (const char *name, QuiltLogFormat *ret_format, GError **error);

typedef struct {
  QuiltLogFormat format;
  gboolean without_time, without_name; /* of what precedes a line */
  gboolean for_terminal;               /* what is not printable is escaped, but with "cat" */
  GString *unfinished[2];              /* lines that were split, by stream; NULL: none */
} QuiltLogFormatter;

void quilt_log_formatter_clear (QuiltLogFormatter *formatter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltLogFormatter, quilt_log_formatter_clear)

/* Appends what an entry prints in one of the formats that are no JSON; nothing yet where its line
 * goes on. */
void quilt_log_format (QuiltLogFormatter *formatter, const QuiltLogEntry *entry, GString *text);
