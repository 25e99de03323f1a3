/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads files that options name, such as a profile or a list of variables. */
#include "ctl/options/text-file.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* All options of a container together have at most this size. */
#define LINES_MAX_BYTES (512 * 1024)

GString *
quilt_text_file_read (const char *what, const char *path, gsize max, GError **error)
{
  g_autofd int fd = open (path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  g_autoptr (GString) text = g_string_new (NULL);
  char block[4096];
  ssize_t n = -1;

  while (fd >= 0 && text->len <= max && (n = read (fd, block, sizeof block)) > 0)
    g_string_append_len (text, block, n);
  if (n < 0) {
    g_autofree char *quoted = quilt_text_quote (path);

    quilt_set_error_errno (error, errno, "Failed to read %s '%s'", what, quoted);
    return NULL;
  }
  return g_steal_pointer (&text);
}

char **
quilt_text_file_read_lines (const char *what, const char *path, GError **error)
{
  g_autoptr (GString) text = quilt_text_file_read (what, path, LINES_MAX_BYTES, error);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (!text)
    return NULL;
  if (text->len > LINES_MAX_BYTES || strlen (text->str) != text->len) {
    g_autofree char *quoted = quilt_text_quote (path);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read %s '%s': must be lines of text, of at most 524288 bytes", what,
                 quoted);
    return NULL;
  }
  all = g_strsplit (text->str, "\n", -1);
  for (char **line = all; *line; line++) {
    gsize length = strlen (*line);

    if (length > 0 && (*line)[length - 1] == '\r')
      (*line)[length - 1] = '\0';
    if (**line && **line != '#')
      g_strv_builder_add (lines, *line);
  }
  return g_strv_builder_end (lines);
}
