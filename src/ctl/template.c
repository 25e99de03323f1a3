/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Templates of --format: a text with fields of a JSON object, as in podman and docker. */
#include "ctl/template.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/text.h"

#include <string.h>

/* A field "{{…}}". */
typedef struct {
  char **path;   /* member names; empty: the object itself */
  char *key;     /* KEY of "index PATH KEY"; NULL: none */
  gboolean json; /* print the value as JSON */
} Field;

static void
field_clear (Field *field)
{
  g_strfreev (field->path);
  g_free (field->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Field, field_clear)

static gboolean
refuse (GError **error, const char *what, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (what);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read format '%s': %s",
               quoted, why);
  return FALSE;
}

static gboolean
parse_path (const char *word, Field *field)
{
  static const char allowed[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-.";

  if (!word || *word != '.' || word[strspn (word, allowed)])
    return FALSE;
  field->path = word[1] ? g_strsplit (word + 1, ".", -1) : g_new0 (char *, 1);
  for (char **member = field->path; *member; member++)
    if (!**member)
      return FALSE;
  return TRUE;
}

/* Parses "PATH", "json PATH" or "index PATH "KEY"". */
static gboolean
parse_field (const char *text, Field *field, GError **error)
{
  g_auto (GStrv) words = NULL;
  guint n = 0;

  if (g_shell_parse_argv (text, NULL, &words, NULL))
    n = g_strv_length (words);
  field->json = n == 2 && strcmp (words[0], "json") == 0;
  if (n == 3 && strcmp (words[0], "index") == 0)
    field->key = g_strdup (words[2]);
  if ((n == 1 || field->json || field->key) && parse_path (words[n == 1 ? 0 : 1], field))
    return TRUE;
  return refuse (error, text, "must be .FIELD, json .FIELD or index .FIELD \"KEY\"");
}

/* Calls func for each field, and appends the text between fields. */
static gboolean
walk (const char *format,
      gboolean (*func) (const Field *field, GString *text, gpointer data, GError **error),
      gpointer data,
      GString *text,
      GError **error)
{
  while (*format) {
    if (format[0] == '\\' && (format[1] == 't' || format[1] == 'n')) {
      g_string_append_c (text, format[1] == 't' ? '\t' : '\n');
      format += 2;
    } else if (g_str_has_prefix (format, "{{")) {
      const char *end = strstr (format, "}}");
      g_autofree char *inner = end ? g_strndup (format + 2, (gsize)(end - format - 2)) : NULL;
      g_auto (Field) field = {0};

      if (!inner)
        return refuse (error, format, "'}}' is missing");
      if (!parse_field (inner, &field, error) || !func (&field, text, data, error))
        return FALSE;
      format = end + 2;
    } else {
      g_string_append_c (text, *format++);
    }
  }
  return TRUE;
}

/* Whether both are equal, ignoring case, '-' and '_'. */
static gboolean
is_same (const char *a, const char *b)
{
  for (;; a++, b++) {
    a += strspn (a, "-_");
    b += strspn (b, "-_");
    if (g_ascii_tolower (*a) != g_ascii_tolower (*b))
      return FALSE;
    if (!*a)
      return TRUE;
  }
}

static gboolean
find_member (json_object *object, const char *name, json_object **ret_value, GError **error)
{
  g_autoptr (GString) names = g_string_new ("there is no such field, only");
  g_autofree char *typed = g_strconcat (".", name, NULL);

  if (!json_object_is_type (object, json_type_object))
    return refuse (error, typed, "the value before it has no fields");
  json_object_object_foreach (object, key, value) {
    if (is_same (key, name)) {
      *ret_value = value;
      return TRUE;
    }
    g_string_append_printf (names, " .%s", key);
  }
  return refuse (error, typed, names->str);
}

static void append_value (json_object *value, GString *text);

/* Prints members as Go does. */
static void
append_members (json_object *value, GString *text)
{
  gboolean is_array = json_object_is_type (value, json_type_array);
  const char *between = "";

  g_string_append (text, is_array ? "[" : "map[");
  for (gsize i = 0; is_array && i < json_object_array_length (value); i++) {
    g_string_append (text, between);
    append_value (json_object_array_get_idx (value, i), text);
    between = " ";
  }
  if (!is_array) {
    json_object_object_foreach (value, key, member) {
      g_string_append_printf (text, "%s%s:", between, key);
      append_value (member, text);
      between = " ";
    }
  }
  g_string_append_c (text, ']');
}

static void
append_value (json_object *value, GString *text)
{
  switch (json_object_get_type (value)) {
  case json_type_null:
    g_string_append (text, "<no value>");
    break;
  case json_type_string:
    g_string_append (text, json_object_get_string (value));
    break;
  case json_type_array:
  case json_type_object:
    append_members (value, text);
    break;
  default:
    g_string_append (text, json_object_to_json_string (value));
  }
}

typedef struct {
  json_object *object;
  gboolean printable;
} Expansion;

static gboolean
expand (const Field *field, GString *text, gpointer data, GError **error)
{
  const Expansion *expansion = data;
  g_autoptr (GString) value_text = g_string_new (NULL);
  json_object *value = expansion->object;

  for (char **member = field->path; *member; member++)
    if (!find_member (value, *member, &value, error))
      return FALSE;
  if (field->key && !json_object_object_get_ex (value, field->key, &value))
    return TRUE; /* as in Go, a missing key gives the empty value */
  if (field->json) {
    g_autofree char *json = quilt_json_print (value, FALSE);

    g_string_append (value_text, json);
  } else {
    append_value (value, value_text);
  }
  if (expansion->printable) {
    g_autofree char *line = quilt_text_line (value_text->str);

    g_string_append (text, line);
  } else {
    g_string_append (text, value_text->str);
  }
  return TRUE;
}

char *
quilt_template_expand (const char *format, json_object *object, gboolean printable, GError **error)
{
  Expansion expansion = {object, printable};
  GString *text = g_string_new (NULL);
  gboolean good = walk (format, expand, &expansion, text, error);

  return g_string_free (text, !good);
}

static gboolean
name_field (const Field *field, GString *text, gpointer data, GError **error)
{
  guint n = g_strv_length (field->path);
  g_autofree char *name = g_ascii_strup (field->key ? field->key
                                         : n > 0    ? field->path[n - 1]
                                                    : "",
                                         -1);

  g_string_append (text, name);
  return TRUE;
}

char *
quilt_template_legend (const char *format)
{
  GString *text = g_string_new (NULL);

  walk (format, name_field, NULL, text, NULL);
  return g_string_free (text, FALSE);
}

gboolean
quilt_template_check (const char *format, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  return walk (format, name_field, NULL, text, error);
}
