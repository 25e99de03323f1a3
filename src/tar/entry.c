/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of an entry of an untrusted archive. */
#include "tar/entry.h"

#include "base/error.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>

#define COMPONENTS_MAX 256
#define WHITEOUT ".wh."
/* The last time that ext4 can store. */
#define TIME_MAX ((G_GINT64_CONSTANT (1) << 34) + G_MAXINT32)

static gboolean
refuse (GError **error, const char *name, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (name);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE, "Failed to unpack '%s': %s", quoted,
               why);
  return FALSE;
}

/* Appends one component. Returns NULL, or the reason why it is invalid. */
static const char *
add_component (GString *path, const char *component, gsize length)
{
  if (length == 0 || (length == 1 && component[0] == '.'))
    return NULL;
  if (length == 2 && memcmp (component, "..", 2) == 0)
    return "its name leads out of a directory by '..'";
  if (length > NAME_MAX)
    return "a part of its name is longer than 255 bytes";
  if (path->len > 0)
    g_string_append_c (path, '/');
  g_string_append_len (path, component, (gssize)length);
  return path->len < PATH_MAX ? NULL : "its name is longer than 4095 bytes";
}

char *
quilt_entry_path (const char *name, GError **error)
{
  g_autoptr (GString) path = NULL;
  guint n_components = 0;

  if (!name || !*name) {
    refuse (error, "", "an entry has no name");
    return NULL;
  }
  path = g_string_sized_new (128);
  for (const char *p = name; *p;) {
    gsize length = strcspn (p, "/");
    const char *why = add_component (path, p, length);

    if (!why && ++n_components > COMPONENTS_MAX && length > 0)
      why = "it is deeper than 256 directories";
    if (why) {
      refuse (error, name, why);
      return NULL;
    }
    p += length + (p[length] == '/');
  }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

gboolean
quilt_entry_is_whiteout (const char *path, gboolean *ret_whiteout, GError **error)
{
  gboolean whiteout = FALSE;

  for (const char *p = path; p && *p; p = strchr (p, '/')) {
    const char *hidden;

    p += *p == '/';
    if (strncmp (p, WHITEOUT, strlen (WHITEOUT)) != 0)
      continue;
    hidden = p + strlen (WHITEOUT);
    hidden += strspn (hidden, ".") <= 2 ? strspn (hidden, ".") : 0;
    if (*hidden == '\0' || *hidden == '/')
      return refuse (error, path, "it would hide its own directory");
    whiteout = TRUE;
  }
  *ret_whiteout = whiteout;
  return TRUE;
}

gboolean
quilt_entry_check_owner (const char *path, gint64 uid, gint64 gid, GError **error)
{
  if (uid >= 0 && uid <= G_MAXINT32 && gid >= 0 && gid <= G_MAXINT32)
    return TRUE;
  return refuse (error, path, "its owner is not a number from 0 to 2147483647");
}

struct timespec
quilt_entry_time (gint64 seconds, long nanoseconds)
{
  struct timespec time = {.tv_sec = CLAMP (seconds, 0, TIME_MAX)};

  if (time.tv_sec == seconds && nanoseconds >= 0 && nanoseconds < 1000000000)
    time.tv_nsec = nanoseconds;
  return time;
}

gboolean
quilt_entry_keeps_xattr (const char *name)
{
  return strcmp (name, "security.capability") == 0 ||
         (g_str_has_prefix (name, "user.") && !g_str_has_prefix (name, "user.overlay."));
}
