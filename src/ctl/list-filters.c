/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filters of `list` and `images`. */
#include "ctl/list-filters.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* "exited" is podman's word for both kinds of end, "created" its word for pending. */
static const struct {
  const char *word;
  const char *states[3];
} statuses[] = {
    {"pending", {"pending"}},
    {"created", {"pending"}},
    {"setting-up", {"setting-up"}},
    {"running", {"running", "setting-up", "stopping"}},
    {"paused", {"paused"}},
    {"stopping", {"stopping"}},
    {"exited", {"exited", "failed"}},
    {"failed", {"failed"}},
    {"dead", {"failed"}},
};

static gboolean
refuse (const char *what, const char *value, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (value);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read filter '%s=%s': %s", what, quoted, why);
  return FALSE;
}

static gboolean
check_status (const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (strcmp (statuses[i].word, value) == 0)
      return TRUE;
  return refuse ("status", value,
                 "must be pending, setting-up, running, paused, stopping, exited or failed", error);
}

static gboolean
match_status (json_object *row, const char *value, json_object *rows)
{
  const char *state = quilt_row_string (row, "state");

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (strcmp (statuses[i].word, value) == 0)
      for (guint j = 0; j < 3 && statuses[i].states[j]; j++)
        if (strcmp (statuses[i].states[j], state) == 0)
          return TRUE;
  return FALSE;
}

static gboolean
check_code (const char *value, GError **error)
{
  return g_ascii_string_to_unsigned (value, 10, 0, 255, NULL, NULL) ||
         refuse ("exited", value, "must be an exit code, 0 to 255", error);
}

static gboolean
match_code (json_object *row, const char *value, json_object *rows)
{
  guint64 code;

  return strcmp (quilt_row_string (row, "state"), "exited") == 0 &&
         g_ascii_string_to_unsigned (value, 10, 0, 255, &code, NULL) &&
         quilt_row_uint64 (row, "exitCode") == code;
}

static gboolean
match_id (json_object *row, const char *value, json_object *rows)
{
  return g_str_has_prefix (quilt_row_string (row, "id"), value);
}

static gboolean
check_name (const char *value, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GRegex) regex =
      g_utf8_validate (value, -1, NULL) ? g_regex_new (value, 0, 0, &cause) : NULL;

  return regex || refuse ("name", value, cause ? cause->message : "must be UTF-8", error);
}

/* value is a regular expression, so it also matches a part of a name. */
static gboolean
match_name (json_object *row, const char *value, json_object *rows)
{
  return g_regex_match_simple (value, quilt_row_string (row, "name"), 0, 0);
}

static gboolean
match_image (json_object *row, const char *value, json_object *rows)
{
  return strcmp (quilt_row_string (row, "image"), value) == 0;
}

static gboolean
match_label (json_object *row, const char *value, json_object *rows)
{
  g_auto (GStrv) parts = g_strsplit (value, "=", 2);
  json_object *labels, *label;

  return parts[0] && json_object_object_get_ex (row, "labels", &labels) &&
         json_object_object_get_ex (labels, parts[0], &label) &&
         (!parts[1] || strcmp (json_object_get_string (label), parts[1]) == 0);
}

static gboolean
match_container (json_object *row, const char *value, json_object *rows)
{
  return strcmp (quilt_row_string (row, "name"), value) == 0 || match_id (row, value, rows);
}

typedef gboolean (*Match) (json_object *row, const char *value, json_object *rows);

/* Compares the creation times of the row and of the first row that matches value: the sign of the
 * difference. Returns 0 also if no row matches. */
static int
compare_age (json_object *row, const char *value, json_object *rows, Match match)
{
  guint64 created = quilt_row_uint64 (row, "created");

  for (gsize i = 0; *value && i < json_object_array_length (rows); i++) {
    json_object *other = json_object_array_get_idx (rows, i);
    guint64 then = quilt_row_uint64 (other, "created");

    if (match (other, value, rows))
      return (created > then) - (created < then);
  }
  return 0;
}

static gboolean
match_before (json_object *row, const char *value, json_object *rows)
{
  return compare_age (row, value, rows, match_container) < 0;
}

static gboolean
match_since (json_object *row, const char *value, json_object *rows)
{
  return compare_age (row, value, rows, match_container) > 0;
}

const QuiltFilter quilt_list_filters[] = {
    {"id", FALSE, NULL, match_id},
    {"name", FALSE, check_name, match_name},
    {"label", TRUE, NULL, match_label},
    {"status", FALSE, check_status, match_status},
    {"exited", FALSE, check_code, match_code},
    {"ancestor", FALSE, NULL, match_image},
    {"before", FALSE, NULL, match_before},
    {"since", FALSE, NULL, match_since},
    {NULL},
};

gboolean
quilt_list_filters_need_detail (char *const *filters)
{
  for (; filters && *filters; filters++)
    if (g_str_has_prefix (*filters, "label="))
      return TRUE;
  return FALSE;
}

static json_object *
get_names (json_object *row)
{
  json_object *names = NULL;

  json_object_object_get_ex (row, "names", &names);
  return names;
}

/* value is a whole name, or a name without its tag. A name without a tag also matches with podman's
 * default tag "latest". */
static gboolean
match_image_name (const char *name, const char *value)
{
  const char *slash = strrchr (name, '/');
  const char *tag = strchr (slash ? slash : name, ':');
  g_autofree char *other =
      tag ? g_strndup (name, (gsize)(tag - name)) : g_strconcat (name, ":latest", NULL);

  return g_pattern_match_simple (value, name) || g_pattern_match_simple (value, other);
}

/* In value '*' stands for any text, and '?' for any character. */
static gboolean
match_reference (json_object *row, const char *value, json_object *rows)
{
  json_object *names = get_names (row);

  for (gsize i = 0; names && i < json_object_array_length (names); i++)
    if (match_image_name (json_object_get_string (json_object_array_get_idx (names, i)), value))
      return TRUE;
  return FALSE;
}

static gboolean
match_digest (json_object *row, const char *value, json_object *rows)
{
  const char *digest = quilt_row_string (row, "digest");
  const char *colon = strchr (digest, ':');

  return g_str_has_prefix (digest, value) || (colon && g_str_has_prefix (colon + 1, value));
}

static gboolean
check_dangling (const char *value, GError **error)
{
  return strcmp (value, "true") == 0 || strcmp (value, "false") == 0 ||
         refuse ("dangling", value, "must be true or false", error);
}

static gboolean
match_dangling (json_object *row, const char *value, json_object *rows)
{
  json_object *names = get_names (row);

  return (!names || json_object_array_length (names) == 0) == (strcmp (value, "true") == 0);
}

static gboolean
match_either (json_object *row, const char *value, json_object *rows)
{
  return match_reference (row, value, rows) || match_digest (row, value, rows);
}

static gboolean
match_image_before (json_object *row, const char *value, json_object *rows)
{
  return compare_age (row, value, rows, match_either) < 0;
}

static gboolean
match_image_since (json_object *row, const char *value, json_object *rows)
{
  return compare_age (row, value, rows, match_either) > 0;
}

const QuiltFilter quilt_image_filters[] = {
    {"reference", FALSE, NULL, match_reference},
    {"id", FALSE, NULL, match_digest},
    {"dangling", FALSE, check_dangling, match_dangling},
    {"before", FALSE, NULL, match_image_before},
    {"since", FALSE, NULL, match_image_since},
    {NULL},
};
