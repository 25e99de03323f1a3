/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a log that engines parse. */
#include "oci/state/log.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Large enough for a path and a hook's message, but not for a whole log. */
#define MESSAGE_MAX 4096

gboolean
quilt_oci_log_open (
    QuiltOciLog *log, const char *path, const char *format, gboolean debug, GError **error)
{
  if (format && strcmp (format, "json") != 0 && strcmp (format, "text") != 0) {
    g_autofree char *quoted = quilt_text_quote (format);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "--log-format must be text or json, not '%s'", quoted);
    return FALSE;
  }
  log->json = g_strcmp0 (format, "json") == 0;
  log->debug = debug;
  if (!path)
    return TRUE;
  /* Readable for all, as with other runtimes: engines read it as another user. */
  log->fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
  return log->fd >= 0 || quilt_set_error_errno (error, errno, "Failed to open the log '%s'", path);
}

char *
quilt_oci_log_format (gboolean json, const char *level, const char *message, gint64 usec)
{
  g_autofree char *text = quilt_text_printable (message, -1, MESSAGE_MAX);
  g_autoptr (GDateTime) second = g_date_time_new_from_unix_utc (usec / G_USEC_PER_SEC);
  g_autofree char *date = g_date_time_format (second, "%Y-%m-%dT%H:%M:%S");
  g_autoptr (json_object) object = NULL;
  g_autofree char *time = NULL;
  g_autofree char *line = NULL;

  if (!json) {
    g_autoptr (json_object) string = json_object_new_string (text);
    g_autofree char *quoted = quilt_json_print (string, FALSE);

    return g_strdup_printf ("time=\"%sZ\" level=%s msg=%s\n", date, level, quoted);
  }
  time = g_strdup_printf ("%s.%06dZ", date, (int)(usec % G_USEC_PER_SEC));
  object = json_object_new_object ();
  json_object_object_add (object, "level", json_object_new_string (level));
  json_object_object_add (object, "msg", json_object_new_string (text));
  json_object_object_add (object, "time", json_object_new_string (time));
  line = quilt_json_print (object, FALSE);
  return g_strconcat (line, "\n", NULL);
}

static void
append (const QuiltOciLog *log, int fd, const char *level, const char *message)
{
  g_autofree char *line = quilt_oci_log_format (log->json, level, message, g_get_real_time ());

  /* If even this fails, the error can't be reported. */
  quilt_fd_write_all (fd, line, strlen (line));
}

void
quilt_oci_log_error (const QuiltOciLog *log, const char *message)
{
  g_autofree char *text = quilt_text_printable (message, -1, MESSAGE_MAX);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  if (log->fd >= 0)
    append (log, log->fd, "error", message);
  fflush (stdout);
  quilt_fd_write_all (STDERR_FILENO, line, strlen (line));
}

void
quilt_oci_log_warning (const QuiltOciLog *log, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  append (log, log->fd >= 0 ? log->fd : STDERR_FILENO, "warning", message);
}

void
quilt_oci_log_debug (const QuiltOciLog *log, const char *message)
{
  if (log->debug)
    append (log, log->fd >= 0 ? log->fd : STDERR_FILENO, "debug", message);
}

/* Whether the first quotation in a message contains a '/'. If it does not, the command was searched
 * in $PATH, and engines expect other words. */
static gboolean
quotes_path (const char *message)
{
  const char *open = strchr (message, '\'');
  const char *close = open ? strchr (open + 1, '\'') : NULL;

  return close && memchr (open, '/', (gsize)(close - open));
}

char *
quilt_oci_log_word (const GError *error)
{
  const char *phrase = NULL;

  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_COMMAND_NOT_FOUND))
    phrase = quotes_path (error->message) ? "no such file or directory"
                                          : "executable file not found in $PATH";
  else if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_COMMAND_NOT_EXECUTABLE))
    phrase = "permission denied";
  return phrase ? g_strdup_printf ("%s: %s", error->message, phrase) : g_strdup (error->message);
}
