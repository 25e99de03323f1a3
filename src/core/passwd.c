/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/passwd and /etc/group of a container, as bytes that a stranger wrote. */
#include "core/passwd.h"

#include "spec/users.h"

#include <string.h>

#define FIELDS 7

typedef struct {
  const char *at;
  gsize length;
} Field;

/* The next line that is one, as fields; those that it lacks are empty. FALSE: there is none. */
static gboolean
next_line (const char **data, gsize *size, Field fields[FIELDS])
{
  while (*size > 0) {
    const char *line = *data, *end = memchr (line, '\n', *size);
    gsize length = end ? (gsize)(end - line) : *size;
    guint n = 0;

    *data += end ? length + 1 : length;
    *size -= end ? length + 1 : length;
    /* '+' and '-' ask a name service, '#' begins a comment. */
    if (length == 0 || memchr (line, '\0', length) || strchr ("+-#:", *line))
      continue;
    for (n = 0; n < FIELDS; n++) {
      const char *colon = memchr (line, ':', length);

      fields[n] = (Field){line, colon ? (gsize)(colon - line) : length};
      line += colon ? fields[n].length + 1 : length;
      length -= colon ? fields[n].length + 1 : length;
    }
    return TRUE;
  }
  return FALSE;
}

static gboolean
is (const Field *field, const char *text, gsize length)
{
  return field->length == length && memcmp (field->at, text, length) == 0;
}

static gboolean
read_id (const Field *field, guint32 *ret_id)
{
  guint32 id;

  if (!quilt_user_is_number (field->at, field->length, &id) || id == G_MAXUINT32)
    return FALSE;
  *ret_id = id;
  return TRUE;
}

QuiltPasswdResult
quilt_passwd_find (const char *data,
                   gsize size,
                   const char *name,
                   gsize name_length,
                   guint32 uid,
                   QuiltPasswdEntry *ret_entry)
{
  Field fields[FIELDS];

  while (next_line (&data, &size, fields)) {
    QuiltPasswdEntry entry = {
        .name = fields[0].at,
        .name_length = fields[0].length,
        .home = fields[5].at,
        .home_length = fields[5].length,
    };
    gboolean valid = read_id (&fields[2], &entry.uid) && read_id (&fields[3], &entry.gid);

    if (name ? !is (&fields[0], name, name_length) : !valid || entry.uid != uid)
      continue;
    if (!valid)
      return QUILT_PASSWD_BAD;
    *ret_entry = entry;
    return QUILT_PASSWD_FOUND;
  }
  return QUILT_PASSWD_ABSENT;
}

QuiltPasswdResult
quilt_group_find (
    const char *data, gsize size, const char *name, gsize name_length, guint32 *ret_gid)
{
  Field fields[FIELDS];

  while (next_line (&data, &size, fields))
    if (is (&fields[0], name, name_length))
      return read_id (&fields[2], ret_gid) ? QUILT_PASSWD_FOUND : QUILT_PASSWD_BAD;
  return QUILT_PASSWD_ABSENT;
}

/* Whether a list by commas has the user. */
static gboolean
has_member (const Field *list, const char *user, gsize length)
{
  const char *at = list->at;
  gsize rest = list->length;

  while (rest > 0) {
    const char *comma = memchr (at, ',', rest);
    Field member = {at, comma ? (gsize)(comma - at) : rest};

    if (is (&member, user, length))
      return TRUE;
    at += comma ? member.length + 1 : rest;
    rest -= comma ? member.length + 1 : rest;
  }
  return FALSE;
}

guint
quilt_group_memberships (
    const char *data, gsize size, const char *user, gsize user_length, guint32 *gids, guint max)
{
  Field fields[FIELDS];
  guint n = 0;
  guint32 gid;

  while (n <= max && next_line (&data, &size, fields))
    if (has_member (&fields[3], user, user_length) && read_id (&fields[2], &gid)) {
      if (n < max)
        gids[n] = gid;
      n++;
    }
  return n;
}
