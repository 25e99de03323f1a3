/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys that a user types at a container's terminal to leave it. */
#include "ctl/streams/detach-keys.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static gboolean
parse_key (const char *text, char *ret_key)
{
  const gboolean is_control = g_ascii_strncasecmp (text, "ctrl-", 5) == 0 && text[5] != '\0';
  const char key = is_control ? g_ascii_toupper (text[5]) : text[0];

  if (!g_ascii_isgraph (key) || text[is_control ? 6 : 1] != '\0')
    return FALSE;
  if (is_control && (key < '@' || key > '_'))
    return FALSE;
  *ret_key = is_control ? (char)(key - '@') : key;
  return TRUE;
}

gboolean
quilt_detach_keys_parse (const char *text, QuiltDetachKeys *ret_keys, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  QuiltDetachKeys keys = {.n = 0};
  gboolean ok = g_strv_length (words) <= QUILT_DETACH_KEYS_MAX;

  for (char **word = words; ok && *word; word++)
    ok = parse_key (*word, &keys.keys[keys.n++]);
  if (ok) {
    *ret_keys = keys;
    return TRUE;
  }
  g_set_error (
      error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
      "Failed to read detach keys '%s': must be up to %d keys, separated by commas, each a "
      "character or ctrl-KEY, such as " QUILT_DETACH_KEYS_DEFAULT,
      text, QUILT_DETACH_KEYS_MAX);
  return FALSE;
}

/* Adds a byte to the keys typed so far. If they can't become the keys any more, passes on as few as
 * possible from their beginning. */
static void
type (QuiltDetachKeys *keys, char byte, char *passed, gsize *length)
{
  char typed[QUILT_DETACH_KEYS_MAX + 1];
  guint n = keys->n_typed;

  memcpy (typed, keys->keys, n);
  typed[n++] = byte;
  while (n > 0 && memcmp (typed, keys->keys, n) != 0) {
    passed[(*length)++] = typed[0];
    memmove (typed, typed + 1, --n);
  }
  keys->n_typed = n;
}

gboolean
quilt_detach_keys_find (
    QuiltDetachKeys *keys, const char *typed, gsize length, char *ret_passed, gsize *ret_length)
{
  *ret_length = 0;
  if (keys->n == 0) {
    memcpy (ret_passed, typed, length);
    *ret_length = length;
    return FALSE;
  }
  for (gsize i = 0; i < length; i++) {
    type (keys, typed[i], ret_passed, ret_length);
    if (keys->n_typed == keys->n)
      return TRUE;
  }
  return FALSE;
}
