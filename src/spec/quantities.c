/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes, CPU counts and durations: exact decimals with a unit. */
#include "spec/quantities.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* The smallest fraction of a second is a nanosecond. Smaller fractions are refused, not rounded. */
#define FRACTION_DIGITS 9
#define FRACTION 1000000000

typedef struct {
  const char *name;
  guint64 factor;
} Unit;

static const Unit byte_units[] = {
    {"", 1},           {"b", 1},          {"k", 1ULL << 10},
    {"m", 1ULL << 20}, {"g", 1ULL << 30}, {"t", 1ULL << 40},
    {"p", 1ULL << 50}, {"e", 1ULL << 60}, {NULL},
};

static const Unit cpu_units[] = {
    {"", G_USEC_PER_SEC},
    {"%", G_USEC_PER_SEC / 100},
    {NULL},
};

static const Unit time_units[] = {
    {"", G_USEC_PER_SEC},
    {"us", 1},
    {"ms", 1000},
    {"s", G_USEC_PER_SEC},
    {"m", 60ULL * G_USEC_PER_SEC},
    {"min", 60ULL * G_USEC_PER_SEC},
    {"h", 3600ULL * G_USEC_PER_SEC},
    {"d", 86400ULL * G_USEC_PER_SEC},
    {NULL},
};

static const Unit *
find_unit (const Unit *units, const char *name, gsize length)
{
  for (; units->name; units++)
    if (strlen (units->name) == length && g_ascii_strncasecmp (units->name, name, length) == 0)
      return units;
  return NULL;
}

/* Scans digits, and at most FRACTION_DIGITS after a point. */
static gboolean
scan_decimal (const char **at, guint64 *ret_whole, guint64 *ret_fraction)
{
  guint64 whole = 0, fraction = 0, place = FRACTION;
  const char *p = *at;

  if (!g_ascii_isdigit (*p))
    return FALSE;
  for (; g_ascii_isdigit (*p); p++)
    if (!g_uint64_checked_mul (&whole, whole, 10) ||
        !g_uint64_checked_add (&whole, whole, (guint64)g_ascii_digit_value (*p)))
      return FALSE;
  if (*p == '.' && !g_ascii_isdigit (*++p))
    return FALSE;
  for (; g_ascii_isdigit (*p); p++) {
    if (place == 1 && *p != '0')
      return FALSE;
    place = MAX (place / 10, 1);
    fraction += place * (guint64)g_ascii_digit_value (*p);
  }
  *at = p;
  *ret_whole = whole;
  *ret_fraction = fraction;
  return TRUE;
}

static gboolean
parse_quantity (const char *text, const Unit *units, guint64 *ret_value)
{
  guint64 whole, fraction, value;
  const Unit *unit;

  if (g_ascii_strcasecmp (text, "infinity") == 0) {
    *ret_value = QUILT_INFINITY;
    return TRUE;
  }
  if (!scan_decimal (&text, &whole, &fraction))
    return FALSE;
  unit = find_unit (units, text, strlen (text));
  if (!unit || !g_uint64_checked_mul (&value, whole, unit->factor) ||
      !g_uint64_checked_add (&value, value,
                             (guint64)((unsigned __int128)fraction * unit->factor / FRACTION)) ||
      value == QUILT_INFINITY)
    return FALSE;
  *ret_value = value;
  return TRUE;
}

static gboolean
refuse (GError **error, const char *what, const char *text, const char *allowed)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read %s '%s': %s", what,
               quoted, allowed);
  return FALSE;
}

/* Removes a B, iB or i after a prefix, since podman and systemd always use powers of 1024. */
static char *
strip_byte (const char *text)
{
  static const char *const suffixes[] = {"ib", "b", "i"};
  gsize length = strlen (text);

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    gsize stem = length - MIN (length, strlen (suffixes[i]));

    if (stem > 0 && g_ascii_strcasecmp (text + stem, suffixes[i]) == 0 &&
        strchr ("kmgtpe", g_ascii_tolower (text[stem - 1])))
      return g_strndup (text, stem);
  }
  return g_strdup (text);
}

gboolean
quilt_parse_bytes (const char *text, guint64 *ret_bytes, GError **error)
{
  g_autofree char *stem = strip_byte (text);

  return parse_quantity (stem, byte_units, ret_bytes) ||
         refuse (error, "size", text,
                 "must be a number with an optional k, M, G, T, P or E (of 1024), or 'infinity'");
}

gboolean
quilt_parse_cpus (const char *text, guint64 *ret_usec, GError **error)
{
  return parse_quantity (text, cpu_units, ret_usec) ||
         refuse (error, "number of CPUs", text, "must be like '1.5', '150%' or 'infinity'");
}

gboolean
quilt_parse_duration (const char *text, guint64 *ret_usec, GError **error)
{
  return parse_quantity (text, time_units, ret_usec) ||
         refuse (error, "duration", text,
                 "must be a number of seconds, or with a unit of us, ms, s, min, h or d, or "
                 "'infinity'");
}

gboolean
quilt_parse_byte_limit (const char *text, guint64 *ret_bytes, GError **error)
{
  if (strcmp (text, "-1") == 0)
    return *ret_bytes = QUILT_INFINITY, TRUE;
  return quilt_parse_bytes (text, ret_bytes, error);
}
