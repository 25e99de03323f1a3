/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user and group of a container's processes, as users type them. */
#include "spec/users.h"

#include "base/option-error.h"

#include <string.h>

gboolean
quilt_user_is_number (const char *text, gsize length, guint32 *ret_id)
{
  guint64 id = 0;

  if (length == 0)
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
    id = MIN (id * 10 + (guint64)(text[i] - '0'), G_MAXUINT32);
  }
  *ret_id = (guint32)id;
  return TRUE;
}

/* The reason why it is neither a name nor a number. NULL if it is valid. */
static const char *
check_word (const char *text, gsize length)
{
  guint32 id;

  if (length == 0)
    return "a name is empty: must be USER or USER:GROUP";
  if (quilt_user_is_number (text, length, &id))
    return id == G_MAXUINT32 ? "ids are numbers from 0 to 4294967294" : NULL;
  if (length > QUILT_USER_NAME_MAX)
    return "a name is longer than 256 bytes";
  for (gsize i = 0; i < length; i++)
    if (strchr (":,/", text[i]) || (guchar)text[i] <= ' ' || text[i] == 0x7f)
      return "names have no blanks, ':', ',' and '/'";
  return *text == '-' || *text == '+' ? "a name can't begin with '-' or '+'" : NULL;
}

gboolean
quilt_user_check (const char *text, GError **error)
{
  const char *colon = strchr (text, ':');
  const char *why = check_word (text, colon ? (gsize)(colon - text) : strlen (text));

  if (!why && colon)
    why = check_word (colon + 1, strlen (colon + 1));
  return why ? quilt_option_error_refuse (error, "user", text, why) : TRUE;
}

gboolean
quilt_user_check_groups (const char *option, char **groups, GError **error)
{
  for (; groups && *groups; groups++) {
    const char *why = check_word (*groups, strlen (*groups));

    if (why)
      return quilt_option_error_refuse (error, option, *groups, why);
  }
  return TRUE;
}

gboolean
quilt_user_is_root (const char *text)
{
  gsize length = text ? strcspn (text, ":") : 0;
  guint32 id = 1;

  return !text || (length == 4 && strncmp (text, "root", 4) == 0) ||
         (quilt_user_is_number (text, length, &id) && id == 0);
}
