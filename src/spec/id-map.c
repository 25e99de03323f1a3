/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The id maps of a user namespace: which ids of the container are which ids of the host. */
#include "spec/id-map.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/text.h"

#include <string.h>

/* The kernel accepts a map as one write of less than a page. */
#define TEXT_MAX 4095

GArray *
quilt_id_map_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (QuiltIdMap));
}

void
quilt_id_map_add (GArray *map, guint32 inside, guint32 outside, guint32 count)
{
  const QuiltIdMap line = {inside, outside, count};

  if (count > 0)
    g_array_append_val (map, line);
}

GArray *
quilt_id_map_copy (const GArray *map)
{
  GArray *copy = map ? quilt_id_map_new () : NULL;

  return map ? g_array_append_vals (copy, map->data, map->len) : NULL;
}

GArray *
quilt_id_map_new_range (guint32 outside)
{
  GArray *map = quilt_id_map_new ();

  quilt_id_map_add (map, 0, outside, QUILT_ID_RANGE);
  return map;
}

GArray *
quilt_id_map_new_keeping (guint32 outside, guint32 id)
{
  GArray *map = quilt_id_map_new ();
  guint32 before = MIN (id, QUILT_ID_RANGE);

  quilt_id_map_add (map, 0, outside, before);
  quilt_id_map_add (map, id, id, 1);
  if (id < QUILT_ID_RANGE)
    quilt_id_map_add (map, id + 1, outside + id + 1, QUILT_ID_RANGE - id - 1);
  return map;
}

static const QuiltIdMap *
get_line (const GArray *map, guint i)
{
  return &g_array_index (map, QuiltIdMap, i);
}

static gboolean
refuse (const QuiltIdMap *line, const char *why, GError **error)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "the id map %u:%u:%u %s",
               line->inside, line->outside, line->count, why);
  return FALSE;
}

static gboolean
meet (guint32 a, guint32 a_count, guint32 b, guint32 b_count)
{
  return a < (guint64)b + b_count && b < (guint64)a + a_count;
}

gboolean
quilt_id_map_check (const GArray *map, GError **error)
{
  g_autofree char *text = NULL;

  if (map->len == 0 || map->len > QUILT_ID_MAP_LINES) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "an id map has 1 to %d lines, not %u", QUILT_ID_MAP_LINES, map->len);
    return FALSE;
  }
  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = get_line (map, i);

    if (line->count == 0)
      return refuse (line, "maps nothing: its count must be at least 1", error);
    /* The largest 32-bit number is not a valid id. */
    if ((guint64)line->inside + line->count > G_MAXUINT32 ||
        (guint64)line->outside + line->count > G_MAXUINT32)
      return refuse (line, "goes beyond the last id, 4294967294", error);
    for (guint k = 0; k < i; k++) {
      const QuiltIdMap *before = get_line (map, k);

      if (meet (before->inside, before->count, line->inside, line->count))
        return refuse (
            line,
            "overlaps with an earlier map: an id of the container would have two ids of the host",
            error);
      if (meet (before->outside, before->count, line->outside, line->count))
        return refuse (
            line,
            "overlaps with an earlier map: an id of the host would have two ids in the container",
            error);
    }
  }
  text = quilt_id_map_print (map);
  if (strlen (text) <= TEXT_MAX)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "an id map of %u lines is longer than the kernel takes, 4095 bytes", map->len);
  return FALSE;
}

static gboolean
parse_line (const char *text, QuiltIdMap *ret_line)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 4);
  guint64 numbers[3];

  if (g_strv_length (parts) != G_N_ELEMENTS (numbers))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (!g_ascii_string_to_unsigned (parts[i], 10, 0, G_MAXUINT32, &numbers[i], NULL))
      return FALSE;
  *ret_line = (QuiltIdMap){(guint32)numbers[0], (guint32)numbers[1], (guint32)numbers[2]};
  return TRUE;
}

GArray *
quilt_id_map_parse (const char *text, GError **error)
{
  g_autoptr (GArray) map = quilt_id_map_new ();
  g_auto (GStrv) parts = g_strsplit (text, ",", QUILT_ID_MAP_LINES + 2);

  for (char **part = parts; *part; part++) {
    QuiltIdMap line;

    if (!parse_line (*part, &line)) {
      g_autofree char *quoted = quilt_text_quote (*part);

      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "'%s' is not an id map: it must be FROM:TO:COUNT, three numbers", quoted);
      return NULL;
    }
    g_array_append_val (map, line);
  }
  return quilt_id_map_check (map, error) ? g_steal_pointer (&map) : NULL;
}

char *
quilt_id_map_print (const GArray *map)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = get_line (map, i);

    g_string_append_printf (text, "%s%u:%u:%u", i ? "," : "", line->inside, line->outside,
                            line->count);
  }
  return g_string_free (text, FALSE);
}

gboolean
quilt_id_map_find (const GArray *map, guint32 inside, guint32 *ret_outside)
{
  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = get_line (map, i);

    if (inside >= line->inside && inside - line->inside < line->count) {
      *ret_outside = line->outside + (inside - line->inside);
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
quilt_id_map_find_inside (const GArray *map, guint32 outside, guint32 *ret_inside)
{
  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = get_line (map, i);

    if (outside >= line->outside && outside - line->outside < line->count) {
      *ret_inside = line->inside + (outside - line->outside);
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
quilt_id_map_overlaps (const GArray *map, const GArray *other, guint32 *ret_outside)
{
  for (guint i = 0; i < map->len; i++)
    for (guint k = 0; k < other->len; k++) {
      const QuiltIdMap *a = get_line (map, i), *b = get_line (other, k);

      if (!meet (a->outside, a->count, b->outside, b->count))
        continue;
      if (ret_outside)
        *ret_outside = MAX (a->outside, b->outside);
      return TRUE;
    }
  return FALSE;
}

gboolean
quilt_userns_check (const char *text, GError **error)
{
  static const char *const words[] = {QUILT_USERNS_AUTO, QUILT_USERNS_HOST, QUILT_USERNS_KEEP_ID,
                                      NULL};
  g_autoptr (GArray) map = NULL;
  guint32 root;

  if (g_strv_contains (words, text))
    return TRUE;
  if (!strchr (text, ':'))
    return quilt_option_error_refuse (
        error, "userns", text,
        "must be 'auto', 'host', 'keep-id' or FROM:TO:COUNT[,FROM:TO:COUNT…]");
  map = quilt_id_map_parse (text, error);
  if (!map)
    return quilt_option_error_prefix (error, "userns");
  if (quilt_id_map_find (map, 0, &root))
    return TRUE;
  return quilt_option_error_refuse (error, "userns", text,
                                    "no map has the container's id 0, its root");
}
