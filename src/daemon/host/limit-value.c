/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts the kernel's limits to the units of a container's options. */
#include "daemon/host/limit-value.h"

#include "spec/options/options.h"
#include "spec/quantities.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_WEIGHT 100

gboolean
quilt_limit_number_parse (const char *text, guint64 *ret_number)
{
  if (strcmp (text, "max") == 0)
    *ret_number = QUILT_INFINITY;
  else if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_number, NULL))
    return FALSE;
  return TRUE;
}

static guint64
parse_quota (const char *text, guint64 asked)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 2);
  guint64 quota, period;

  if (!words[0] || !words[1] || !quilt_limit_number_parse (words[0], &quota) ||
      !quilt_limit_number_parse (words[1], &period) || period == 0)
    return asked;
  if (quota == QUILT_INFINITY)
    return quota;
  if (asked != QUILT_INFINITY && asked / G_USEC_PER_SEC < 1000000 &&
      asked * period / G_USEC_PER_SEC == quota)
    return asked;
  return quota * G_USEC_PER_SEC / period;
}

guint64
quilt_limit_value_parse (QuiltLimitKind kind, const char *text, guint64 asked)
{
  guint64 page = (guint64)sysconf (_SC_PAGESIZE);
  guint64 value;

  if (kind == QUILT_LIMIT_QUOTA)
    return text ? parse_quota (text, asked) : asked;
  if (!text || !quilt_limit_number_parse (text, &value))
    return asked;
  if (kind == QUILT_LIMIT_BYTES && asked != QUILT_INFINITY && asked / page * page == value)
    return asked;
  if (kind == QUILT_LIMIT_WEIGHT && asked == QUILT_INFINITY && value == DEFAULT_WEIGHT)
    return asked;
  if (kind == QUILT_LIMIT_TASKS && value != QUILT_INFINITY && value > 0)
    return value - 1;
  return value;
}
