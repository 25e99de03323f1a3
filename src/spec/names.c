/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammars of names: containers, images, hosts, identifiers. */
#include "spec/names.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define HEX "0123456789abcdef"

#define ID_LENGTH 32
#define DIGEST_LENGTH 64
/* The longest label of a host name. */
#define LABEL_LENGTH 63

static gboolean
refuse (GError **error, const char *what, const char *text, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to use %s '%s': %s", what,
               quoted, why);
  return FALSE;
}

static gboolean
is_hex (const char *text, gsize length)
{
  return strlen (text) == length && strspn (text, HEX) == length;
}

gboolean
quilt_container_name_check (const char *name, GError **error)
{
  gsize length = strlen (name);

  if (length < 1 || length > 64 || strspn (name, ALNUM) == 0 ||
      strspn (name, ALNUM "_.-") != length)
    return refuse (error, "container name", name,
                   "must be 1 to 64 of a-z, A-Z, 0-9, '_', '.' and '-', a letter or digit first");
  /* Such a name would shadow the container with that ID. */
  if (is_hex (name, ID_LENGTH))
    return refuse (error, "container name", name, "looks like an ID; choose another name");
  return TRUE;
}

static gboolean
is_image_component (const char *text, gsize length)
{
  return length > 0 && strspn (text, LOWER) > 0 && strspn (text, LOWER "._-") >= length;
}

static gboolean
is_image_tag (const char *tag)
{
  gsize length = strlen (tag);

  return length >= 1 && length <= 128 && strspn (tag, ALNUM "_.-") == length &&
         strspn (tag, ALNUM "_") > 0;
}

gboolean
quilt_image_name_check (const char *name, GError **error)
{
  const char *at = name;
  gboolean ok = strlen (name) <= 255;

  while (ok) {
    gsize length = strcspn (at, "/:");

    ok = is_image_component (at, length);
    at += length;
    if (*at != '/')
      break;
    at++;
  }
  if (!ok || (*at == ':' && !is_image_tag (at + 1)))
    return refuse (error, "image name", name,
                   "must be components of a-z, 0-9, '.', '_' and '-', a letter or digit first, "
                   "separated by '/', and an optional ':TAG'; at most 255 bytes");
  if (g_str_has_prefix (name, "sha256:") || is_hex (name, DIGEST_LENGTH))
    return refuse (error, "image name", name, "looks like a digest; choose another name");
  return TRUE;
}

static gboolean
check_labels (const char *what, const char *hostname, GError **error)
{
  const char *at = hostname;
  gboolean ok = strlen (hostname) <= 64;

  while (ok) {
    gsize length = strspn (at, ALNUM "-");

    ok = length >= 1 && length <= LABEL_LENGTH && at[0] != '-' && at[length - 1] != '-';
    at += length;
    if (*at != '.')
      break;
    at++;
  }
  if (!ok || *at)
    return refuse (
        error, what, hostname,
        "must be labels of letters, digits and inner '-', separated by '.'; at most 64 bytes");
  return TRUE;
}

gboolean
quilt_hostname_check (const char *hostname, GError **error)
{
  return check_labels ("hostname", hostname, error);
}

gboolean
quilt_domainname_check (const char *domainname, GError **error)
{
  return check_labels ("domain name", domainname, error);
}

gboolean
quilt_timezone_check (const char *zone, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (zone, "/", -1);
  gboolean ok = *zone && strlen (zone) <= 128;

  for (char **part = parts; ok && *part; part++)
    ok = **part && (*part)[strspn (*part, ALNUM "_+-")] == '\0';
  return ok || refuse (error, "time zone", zone,
                       "must be 'local' or a name such as 'Europe/Berlin'; timedatectl "
                       "list-timezones prints them");
}

/* Also replaces dots: the text after a dot would be a domain, which the container lacks. */
char *
quilt_hostname_from_name (const char *container_name)
{
  char *hostname = g_strndup (container_name, LABEL_LENGTH);
  gsize length;

  g_strcanon (hostname, ALNUM "-", '-');
  for (length = strlen (hostname); length > 1 && hostname[length - 1] == '-'; length--)
    hostname[length - 1] = '\0';
  return hostname;
}

gboolean
quilt_id_check (const char *id)
{
  return is_hex (id, ID_LENGTH);
}

gboolean
quilt_id_prefix_check (const char *prefix)
{
  gsize length = strlen (prefix);

  return length >= 1 && length <= ID_LENGTH && strspn (prefix, HEX) == length;
}

char *
quilt_id_new (void)
{
  guint8 bytes[ID_LENGTH / 2];
  char *id = g_malloc (ID_LENGTH + 1);

  /* getrandom(2) returns up to 256 bytes at once. Only the wait for the first entropy after a boot
   * can be interrupted. */
  while (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    if (errno != EINTR)
      g_error ("Failed to get random bytes: %s", g_strerror (errno));
  for (gsize i = 0; i < sizeof bytes; i++) {
    id[2 * i] = HEX[bytes[i] >> 4];
    id[2 * i + 1] = HEX[bytes[i] & 15];
  }
  id[ID_LENGTH] = 0;
  return id;
}

char *
quilt_scope_name (const char *container_name)
{
  return g_strdup_printf ("quilt-%s.scope", container_name);
}
