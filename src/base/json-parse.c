/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict parser of RFC 8259 that makes json-c's values. Even in strict mode, json-c's own parser
 * accepts duplicate keys, NaN, raw control characters and lone surrogates. */
#include "base/json.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 64
#define MAX_NUMBER 64

typedef struct {
  const char *start;
  const char *at;
  const char *end;
  guint depth;
  GError **error;
} Parser;

static gboolean parse_value (Parser *p, json_object **ret_value);

static gboolean fail (Parser *p, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (Parser *p, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (p->error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to parse JSON at byte %" G_GSIZE_FORMAT ": %s", (gsize)(p->at - p->start),
               what);
  return FALSE;
}

static void
skip_space (Parser *p)
{
  while (p->at < p->end && *p->at && strchr (" \t\r\n", *p->at))
    p->at++;
}

/* The next byte, or 0 at the end. A NUL byte is also invalid in JSON. */
static char
peek (const Parser *p)
{
  return p->at < p->end ? *p->at : 0;
}

static gboolean
take (Parser *p, char c)
{
  if (peek (p) != c)
    return FALSE;
  p->at++;
  return TRUE;
}

static gboolean
parse_hex4 (Parser *p, gunichar *ret_unit)
{
  gunichar unit = 0;

  for (int i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value (peek (p));

    if (digit < 0)
      return fail (p, "\\u needs four hexadecimal digits");
    unit = unit << 4 | (guint)digit;
    p->at++;
  }
  *ret_unit = unit;
  return TRUE;
}

static gboolean
parse_unicode_escape (Parser *p, GString *string)
{
  gunichar c, low;

  if (!parse_hex4 (p, &c))
    return FALSE;
  if (c == 0)
    return fail (p, "NUL in a string");
  if (c >= 0xdc00 && c <= 0xdfff)
    return fail (p, "lone surrogate");
  if (c >= 0xd800 && c <= 0xdbff) {
    if (!take (p, '\\') || !take (p, 'u'))
      return fail (p, "lone surrogate");
    if (!parse_hex4 (p, &low))
      return FALSE;
    if (low < 0xdc00 || low > 0xdfff)
      return fail (p, "lone surrogate");
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  g_string_append_unichar (string, c);
  return TRUE;
}

static gboolean
parse_escape (Parser *p, GString *string)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  char c = peek (p);
  const char *found = c ? strchr (from, c) : NULL;

  if (c == 'u') {
    p->at++;
    return parse_unicode_escape (p, string);
  }
  if (!found)
    return fail (p, "unknown escape in a string");
  g_string_append_c (string, to[found - from]);
  p->at++;
  return TRUE;
}

static gboolean
parse_string (Parser *p, GString *string)
{
  if (!take (p, '"'))
    return fail (p, "expected a string");
  while (p->at < p->end && *p->at != '"') {
    const char *run = p->at;

    while (p->at < p->end && *p->at != '"' && *p->at != '\\' && (guchar)*p->at >= ' ')
      p->at++;
    g_string_append_len (string, run, p->at - run);
    if (p->at < p->end && (guchar)*p->at < ' ')
      return fail (p, "control character in a string");
    if (take (p, '\\') && !parse_escape (p, string))
      return FALSE;
  }
  return take (p, '"') || fail (p, "unterminated string");
}

static gboolean
skip_digits (Parser *p)
{
  const char *first = p->at;

  while (g_ascii_isdigit (peek (p)))
    p->at++;
  return p->at > first || fail (p, "expected a digit");
}

static gboolean
scan_number (Parser *p, gboolean *ret_integer)
{
  *ret_integer = TRUE;
  take (p, '-');
  if (!take (p, '0') && !skip_digits (p))
    return FALSE;
  if (take (p, '.')) {
    *ret_integer = FALSE;
    if (!skip_digits (p))
      return FALSE;
  }
  if (take (p, 'e') || take (p, 'E')) {
    *ret_integer = FALSE;
    if (!take (p, '-'))
      take (p, '+');
    if (!skip_digits (p))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_number (Parser *p, json_object **ret_value)
{
  const char *first = p->at;
  g_autofree char *text = NULL;
  gboolean integer;
  guint64 u;
  gint64 i;
  double d;

  if (!scan_number (p, &integer))
    return FALSE;
  if (p->at - first > MAX_NUMBER)
    return fail (p, "number of more than %d characters", MAX_NUMBER);
  text = g_strndup (first, (gsize)(p->at - first));
  if (!integer) {
    errno = 0;
    d = g_ascii_strtod (text, NULL);
    if (errno == ERANGE && (d > 1 || d < -1))
      return fail (p, "number out of range");
    *ret_value = json_object_new_double_s (d, text);
  } else if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &i, NULL)) {
    *ret_value = json_object_new_int64 (i);
  } else if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &u, NULL)) {
    *ret_value = json_object_new_uint64 (u);
  } else {
    return fail (p, "integer of more than 64 bits");
  }
  return TRUE;
}

static gboolean
parse_member (Parser *p, json_object *object)
{
  g_autoptr (GString) key = g_string_new (NULL);
  json_object *value = NULL;

  if (!parse_string (p, key))
    return FALSE;
  if (json_object_object_get_ex (object, key->str, NULL)) {
    g_autofree char *quoted = quilt_text_quote (key->str);

    return fail (p, "duplicate key '%s'", quoted);
  }
  skip_space (p);
  if (!take (p, ':'))
    return fail (p, "expected ':'");
  if (!parse_value (p, &value))
    return FALSE;
  json_object_object_add (object, key->str, value);
  return TRUE;
}

static gboolean
parse_element (Parser *p, json_object *array)
{
  json_object *value = NULL;

  if (!parse_value (p, &value))
    return FALSE;
  json_object_array_add (array, value);
  return TRUE;
}

/* Parses an object or an array, after its opening bracket. */
static gboolean
parse_container (Parser *p,
                 char close,
                 gboolean (*parse_item) (Parser *p, json_object *container),
                 json_object *container)
{
  if (++p->depth > MAX_DEPTH)
    return fail (p, "more than %d levels", MAX_DEPTH);
  skip_space (p);
  if (!take (p, close)) {
    do {
      skip_space (p);
      if (!parse_item (p, container))
        return FALSE;
      skip_space (p);
    } while (take (p, ','));
    if (!take (p, close))
      return fail (p, "expected ',' or '%c'", close);
  }
  p->depth--;
  return TRUE;
}

static gboolean
take_word (Parser *p, const char *word)
{
  gsize length = strlen (word);

  if ((gsize)(p->end - p->at) < length || memcmp (p->at, word, length) != 0)
    return FALSE;
  p->at += length;
  return TRUE;
}

static gboolean
parse_nested (Parser *p, json_object **ret_value)
{
  gboolean is_object = *p->at++ == '{';
  g_autoptr (json_object) container =
      is_object ? json_object_new_object () : json_object_new_array ();

  if (!parse_container (p, is_object ? '}' : ']', is_object ? parse_member : parse_element,
                        container))
    return FALSE;
  *ret_value = g_steal_pointer (&container);
  return TRUE;
}

static gboolean
parse_value (Parser *p, json_object **ret_value)
{
  skip_space (p);
  switch (peek (p)) {
  case '{':
  case '[':
    return parse_nested (p, ret_value);
  case '"': {
    g_autoptr (GString) string = g_string_new (NULL);

    if (!parse_string (p, string))
      return FALSE;
    *ret_value = json_object_new_string_len (string->str, (int)string->len);
    return TRUE;
  }
  default:
    if (peek (p) == '-' || g_ascii_isdigit (peek (p)))
      return parse_number (p, ret_value);
    if (take_word (p, "true") || take_word (p, "false"))
      *ret_value = json_object_new_boolean (p->at[-2] == 'u');
    else if (take_word (p, "null"))
      *ret_value = NULL;
    else
      return fail (p, p->at < p->end ? "expected a value" : "the text ends here");
    return TRUE;
  }
}

json_object *
quilt_json_parse (const char *data, gsize length, gsize max_size, GError **error)
{
  Parser p = {.start = data, .at = data, .end = data + length, .error = error};
  g_autoptr (json_object) value = NULL;

  if (length > MIN (max_size, G_MAXINT)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to parse JSON: more than %" G_GSIZE_FORMAT " bytes", max_size);
    return NULL;
  }
  if (!parse_value (&p, &value))
    return NULL;
  skip_space (&p);
  if (p.at < p.end) {
    fail (&p, "more text follows the value");
    return NULL;
  }
  /* json-c represents null as NULL, which our callers take for an error. */
  if (!value)
    fail (&p, "the whole text is null");
  return g_steal_pointer (&value);
}
