/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters the output of ps(1). */
#include "oci/verbs/ps-table.h"

#include "base/error.h"

#include <string.h>

/* The n-th word of a line, counted from 0; "" after the last word. */
static char *
nth_word (const char *line, guint n)
{
  for (;; n--) {
    gsize length;

    line += strspn (line, " \t");
    length = strcspn (line, " \t");
    if (n == 0 || length == 0)
      return g_strndup (line, length);
    line += length;
  }
}

static gboolean
find_column (const char *header, guint *ret_column)
{
  for (guint i = 0;; i++) {
    g_autofree char *word = nth_word (header, i);

    if (strcmp (word, "PID") == 0) {
      *ret_column = i;
      return TRUE;
    }
    if (!*word)
      return FALSE;
  }
}

static gboolean
is_of (const char *line, guint column, const pid_t *pids, gsize n_pids)
{
  g_autofree char *word = nth_word (line, column);
  guint64 pid;

  if (!g_ascii_string_to_unsigned (word, 10, 1, G_MAXINT32, &pid, NULL))
    return FALSE;
  for (gsize i = 0; i < n_pids; i++)
    if ((guint64)pids[i] == pid)
      return TRUE;
  return FALSE;
}

char *
quilt_ps_table_filter (const char *table, const pid_t *pids, gsize n_pids, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (table, "\n", -1);
  g_autoptr (GString) text = g_string_new (NULL);
  guint column;

  if (!lines[0] || !find_column (lines[0], &column)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to list processes: with these options 'ps' prints no column PID");
    return NULL;
  }
  g_string_append_printf (text, "%s\n", lines[0]);
  for (char **line = lines + 1; *line; line++)
    if (is_of (*line, column, pids, n_pids))
      g_string_append_printf (text, "%s\n", *line);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
