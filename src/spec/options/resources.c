/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammars of resource limits: sets of CPUs, rates of devices, ranges of addresses. Pure. */
#include "spec/options/resources.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/text.h"
#include "spec/options/texts.h"
#include "spec/quantities.h"

#include <arpa/inet.h>
#include <string.h>

/* The largest number of CPUs that a kernel supports. */
#define CPU_LIMIT 8192

#define CPU_TEXT "must be numbers from 0 to 8191 and ranges of them, such as '0-3,8'"
#define RANGE_TEXT                                                                                 \
  "must be an address, with the length of its prefix or without ('10.0.0.0/8', '::1'), 'any', "    \
  "'localhost', 'link-local' or 'multicast'"

static gboolean
refuse (GError **error, const char *what, const char *text, const char *allowed)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read %s '%s': %s", what,
               quoted, allowed);
  return FALSE;
}

/* Sets of CPUs and memory nodes. */

static gboolean
parse_number (const char *text, gsize length, guint64 max, guint64 *ret_value)
{
  g_autofree char *digits = g_strndup (text, length);

  return g_ascii_isdigit (*digits) &&
         g_ascii_string_to_unsigned (digits, 10, 0, max, ret_value, NULL);
}

static gboolean
add_range (GByteArray *set, const char *range)
{
  const char *dash = strchr (range, '-');
  guint64 first, last;

  if (!parse_number (range, dash ? (gsize)(dash - range) : strlen (range), CPU_LIMIT - 1, &first))
    return FALSE;
  last = first;
  if (dash && !parse_number (dash + 1, strlen (dash + 1), CPU_LIMIT - 1, &last))
    return FALSE;
  if (last < first)
    return FALSE;
  if (set->len <= last / 8) {
    const guint old = set->len;

    g_byte_array_set_size (set, (guint)(last / 8 + 1));
    memset (set->data + old, 0, set->len - old);
  }
  for (guint64 i = first; i <= last; i++)
    if (i % 8 == 0 && last - i >= 7) {
      set->data[i / 8] = 0xff;
      i += 7;
    } else {
      set->data[i / 8] |= (guint8)(1 << (i % 8));
    }
  return TRUE;
}

static GByteArray *
parse_list (const char *what, const char *text, GError **error)
{
  g_autoptr (GByteArray) set = g_byte_array_new ();
  g_auto (GStrv) ranges = g_strsplit (text, ",", -1);

  for (char **range = ranges; *range; range++)
    if (!add_range (set, *range)) {
      refuse (error, what, text, CPU_TEXT);
      return NULL;
    }
  return g_steal_pointer (&set);
}

GByteArray *
quilt_cpu_list_parse (const char *text, GError **error)
{
  return parse_list ("list of CPUs", text, error);
}

gboolean
quilt_cpu_list_check (const char *text, GError **error)
{
  g_autoptr (GByteArray) set = quilt_cpu_list_parse (text, error);

  return set != NULL;
}

gboolean
quilt_node_list_check (const char *text, GError **error)
{
  g_autoptr (GByteArray) set = parse_list ("list of memory nodes", text, error);

  return set != NULL;
}

/* Rates of devices. */

/* systemd accepts only canonical paths. */
static gboolean
is_device_path (const char *path)
{
  g_autofree char *canonical = g_canonicalize_filename (path, "/");

  return g_str_has_prefix (path, "/dev/") && path[strlen ("/dev/")] && strlen (path) < 4096 &&
         strcmp (path, canonical) == 0;
}

#define RATE_MEMBERS                                                                               \
  {                                                                                                \
    QUILT_SHAPE_STRING (0, "device"), QUILT_SHAPE_NUMBER (1, "rate")                               \
  }

const QuiltShape quilt_byte_rate_shape = {"a(st)", RATE_MEMBERS, quilt_byte_rate_from_text};
const QuiltShape quilt_operation_rate_shape = {"a(st)", RATE_MEMBERS,
                                               quilt_operation_rate_from_text};

gboolean
quilt_rates_check (const char *key, GVariant *rates, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < quilt_entries_count (rates); i++) {
    const char *path;
    guint64 rate;

    g_variant_get_child (rates, i, "(&st)", &path, &rate);
    if (!is_device_path (path))
      return quilt_option_error_refuse (error, key, path,
                                        "must be the path of a device below /dev");
    if (rate == 0 || rate == QUILT_INFINITY)
      return quilt_option_error_refuse (error, key, path, "the rate must be a number above 0");
    if (!g_hash_table_add (seen, (gpointer)path))
      return quilt_option_error_refuse (error, key, path, "this device is given twice");
  }
  return TRUE;
}

/* Ranges of addresses, with the names of systemd.resource-control(5). */

static const struct {
  const char *name;
  const char *v4, *v6;
} names[] = {
    {"any", "0.0.0.0/0", "::/0"},
    {"localhost", "127.0.0.0/8", "::1/128"},
    {"link-local", "169.254.0.0/16", "fe80::/64"},
    {"multicast", "224.0.0.0/4", "ff00::/8"},
};

static gboolean
parse_range (const char *text, QuiltAddressRange *ret_range)
{
  const char *slash = strchr (text, '/');
  g_autofree char *address = slash ? g_strndup (text, (gsize)(slash - text)) : g_strdup (text);
  QuiltAddressRange range = {.family = strchr (text, ':') ? AF_INET6 : AF_INET};
  guint bits = range.family == AF_INET6 ? 128 : 32;
  guint64 prefix = bits;

  if (inet_pton (range.family, address, range.address) != 1 ||
      (slash && !parse_number (slash + 1, strlen (slash + 1), bits, &prefix)))
    return FALSE;
  range.prefix = (guint8)prefix;
  for (guint bit = range.prefix; bit < bits; bit++)
    range.address[bit / 8] &= (guint8) ~(0x80 >> (bit % 8));
  *ret_range = range;
  return TRUE;
}

guint
quilt_address_range_parse (const char *text, QuiltAddressRange ret_ranges[2], GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (text, names[i].name) == 0 && parse_range (names[i].v4, &ret_ranges[0]) &&
        parse_range (names[i].v6, &ret_ranges[1]))
      return 2;
  if (parse_range (text, &ret_ranges[0]))
    return 1;
  refuse (error, "range of addresses", text, RANGE_TEXT);
  return 0;
}

gboolean
quilt_address_ranges_check (const char *key, char **ranges, GError **error)
{
  QuiltAddressRange parsed[2];

  for (char **range = ranges; range && *range; range++)
    if (quilt_address_range_parse (*range, parsed, error) == 0)
      return FALSE;
  return TRUE;
}
