/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights of CPU and disk time. */
#include "spec/weights.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/quantities.h"

#include <string.h>

static gboolean
refuse (GError **error, const char *what, const char *text, const char *allowed)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read %s '%s': %s", what,
               quoted, allowed);
  return FALSE;
}

/* The logarithm to base 2 of a number of 1 or more, one bit of the fraction at a time. Loading a
 * library of mathematics would slow down the runtime's start. */
static double
log_2 (double x)
{
  double l = 0;

  for (; x >= 2; x /= 2)
    l++;
  for (double bit = 0.5; bit > 1e-17; bit /= 2) {
    x *= x;
    if (x >= 2) {
      x /= 2;
      l += bit;
    }
  }
  return l;
}

/* 10 to the power of x, 0 or more: halves x until it is small, and uses the series of e for the
 * rest. */
static double
pow_10 (double x)
{
  double factor = 1, sum = 1, term = 1;

  for (x *= 2.30258509299404568402; x >= 0.69314718055994530942; x -= 0.69314718055994530942)
    factor *= 2;
  for (int n = 1; n < 20; n++)
    sum += term *= x / n;
  return factor * sum;
}

/* The formula that container runtimes use since 2025: powers of ten through 2 → 1, 1024 → 100 and
 * 262144 → 10000. Their earlier straight line turned the default of 1024 into 39. */
guint64
quilt_weight_from_cpu_shares (guint64 shares)
{
  double l, weight;
  guint64 whole;

  if (shares <= 2)
    return 1;
  if (shares >= 262144)
    return 10000;
  l = log_2 ((double)shares);
  /* Subtract what rounding may have added to a whole number. */
  weight = pow_10 ((l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9;
  whole = (guint64)weight;
  return whole + (weight > (double)whole);
}

guint64
quilt_weight_from_blkio (guint64 weight)
{
  return 1 + (CLAMP (weight, 10, 1000) - 10) * 9999 / 990;
}

gboolean
quilt_parse_weight (const char *text, guint64 *ret_weight, GError **error)
{
  if (g_ascii_strcasecmp (text, "infinity") == 0)
    return *ret_weight = QUILT_INFINITY, TRUE;
  return g_ascii_string_to_unsigned (text, 10, 1, 10000, ret_weight, NULL) ||
         refuse (error, "weight", text, "must be 1 to 10000, or 'infinity' for the default");
}

gboolean
quilt_parse_cpu_shares (const char *text, guint64 *ret_weight, GError **error)
{
  guint64 shares;

  if (strcmp (text, "0") == 0)
    return *ret_weight = QUILT_INFINITY, TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 2, 262144, &shares, NULL))
    return refuse (error, "CPU shares", text, "must be 2 to 262144, or 0 for the default");
  *ret_weight = quilt_weight_from_cpu_shares (shares);
  return TRUE;
}

gboolean
quilt_parse_blkio_weight (const char *text, guint64 *ret_weight, GError **error)
{
  guint64 weight;

  if (strcmp (text, "0") == 0)
    return *ret_weight = QUILT_INFINITY, TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 10, 1000, &weight, NULL))
    return refuse (error, "IO weight", text, "must be 10 to 1000, or 0 for the default");
  *ret_weight = quilt_weight_from_blkio (weight);
  return TRUE;
}
