/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file in a session's directory that tells a later quiltd of the session. */
#include "daemon/sessions/file.h"

#include "base/fd.h"
#include "base/file.h"

#include <string.h>

#define FILE_NAME "session.json"
#define BYTES_MAX (4 * 1024 * 1024)

gboolean
quilt_session_file_write (int directory, const char *plan, GError **error)
{
  return quilt_file_replace (directory, FILE_NAME, plan, strlen (plan), QUILT_FILE_VOLATILE, error);
}

gboolean
quilt_session_file_read (int sessions, const char *name, QuiltSession *ret_values)
{
  g_autofd int fd = quilt_dir_open (sessions, name, NULL);
  g_autoptr (GBytes) text = fd < 0 ? NULL : quilt_file_read (fd, FILE_NAME, BYTES_MAX, NULL);

  return text &&
         quilt_session_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), ret_values,
                              NULL) &&
         g_strcmp0 (ret_values->id, name) == 0;
}
