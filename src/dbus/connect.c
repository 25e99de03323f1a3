/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting to a bus and authenticating. */
#include "dbus/connect.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "dbus/error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define ANSWER_MAX 4096

/* The value of a key in one server address, unescaped. Returns NULL if the address lacks the
 * key. */
static char *
get_value (const char *place, const char *key)
{
  const char *pairs = strchr (place, ':');
  g_auto (GStrv) words = g_strsplit (pairs ? pairs + 1 : "", ",", -1);

  for (char **word = words; *word; word++)
    if (g_str_has_prefix (*word, key) && (*word)[strlen (key)] == '=')
      return g_uri_unescape_string (*word + strlen (key) + 1, NULL);
  return NULL;
}

static int
connect_to (const char *place, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (place);
  g_autofree char *path = get_value (place, "path");
  g_autofree char *name = get_value (place, "abstract");
  struct sockaddr_un target = {.sun_family = AF_UNIX};
  const gsize start = name ? 1 : 0; /* an abstract name follows a NUL */
  const char *text = name ? name : path;
  g_autofd int fd = -1;

  if (!g_str_has_prefix (place, "unix:") || !text || (name && path)) {
    g_set_error (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                 "Failed to read the address '%s': must be unix:path=PATH or unix:abstract=NAME",
                 quoted);
    return -1;
  }
  if (start + strlen (text) >= sizeof target.sun_path) {
    g_set_error (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                 "Failed to read the address '%s': its path is too long", quoted);
    return -1;
  }
  memcpy (target.sun_path + start, text, strlen (text));
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect (fd, (struct sockaddr *)&target,
                         (socklen_t)(offsetof (struct sockaddr_un, sun_path) + start +
                                     strlen (text) + (path ? 1 : 0))) < 0) {
    quilt_set_error_errno (error, errno, "Failed to connect to '%s'", quoted);
    return -1;
  }
  return g_steal_fd (&fd);
}

int
quilt_dbus_connect (const char *address, GError **error)
{
  g_auto (GStrv) places = g_strsplit (address ? address : SYSTEM_BUS_ADDRESS, ";", -1);
  g_autoptr (GError) cause = NULL;

  for (char **place = places; *place; place++) {
    int fd;

    if (**place == '\0')
      continue;
    g_clear_error (&cause);
    fd = connect_to (*place, &cause);
    if (fd >= 0)
      return fd;
  }
  if (cause)
    g_propagate_error (error, g_steal_pointer (&cause));
  else
    g_set_error_literal (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED, "The address is empty");
  return -1;
}

/* The first byte is a NUL. Some systems attach the sender's credentials to it. */
const char *
quilt_dbus_auth_request (void)
{
  return "AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
}

/* The position after the end of the line. Returns NULL if the line is not complete yet. */
static const char *
end_of_line (const char *line, const char *end)
{
  const char *newline = memmem (line, (gsize)(end - line), "\r\n", 2);

  return newline ? newline + 2 : NULL;
}

/* The challenge, to which the request has the answer. */
static const char *
skip_challenge (const char *in, const char *end)
{
  const char *behind = in ? end_of_line (in, end) : NULL;

  return behind && g_str_has_prefix (in, "DATA\r\n") ? behind : in;
}

gboolean
quilt_dbus_auth_take_answer (GByteArray *in, GError **error)
{
  const char *end = (const char *)in->data + in->len;
  const char *ok = in->len > 0 ? skip_challenge ((const char *)in->data, end) : NULL;
  const char *agree = ok ? end_of_line (ok, end) : NULL;
  const char *behind = agree ? end_of_line (agree, end) : NULL;

  if (agree && !g_str_has_prefix (ok, "OK ")) {
    g_set_error_literal (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                         "The bus refuses to authenticate this user");
    return FALSE;
  }
  if (behind && !g_str_has_prefix (agree, "AGREE_UNIX_FD\r\n")) {
    g_set_error_literal (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                         "The bus does not pass on descriptors");
    return FALSE;
  }
  if (!behind && in->len > ANSWER_MAX) {
    g_set_error_literal (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                         "The bus sent an answer that is not D-Bus");
    return FALSE;
  }
  if (behind)
    g_byte_array_remove_range (in, 0, (guint)(behind - (const char *)in->data));
  return behind != NULL;
}
