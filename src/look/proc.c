/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the files of a process in /proc. */
#include "look/proc.h"

#include <string.h>

/* The fields of stat after the name, counted from the state. */
enum {
  FIELD_STATE,
  FIELD_PARENT,
  FIELD_USER_TIME = 11,
  FIELD_SYSTEM_TIME,
  FIELD_THREADS = 17,
  FIELD_START = 19,
  FIELD_MEMORY = 21,
  N_FIELDS,
};

static gboolean
parse_number (const char *word, guint64 max, guint64 *ret_number)
{
  return g_ascii_string_to_unsigned (word, 10, 0, max, ret_number, NULL);
}

gboolean
quilt_proc_parse_stat (const char *text, QuiltProcStat *ret_stat)
{
  /* The name may contain parentheses, blanks and newlines, but the fields after it can't. */
  const char *name = strchr (text, '('), *end = strrchr (text, ')');
  QuiltProcStat stat = {0};
  g_auto (GStrv) words = NULL;
  guint64 parent, user, system, threads;

  if (!name || !end || end < name || end[1] != ' ')
    return FALSE;
  words = g_strsplit (end + 2, " ", N_FIELDS + 1);
  if (g_strv_length (words) <= N_FIELDS || strlen (words[FIELD_STATE]) != 1 ||
      !parse_number (words[FIELD_PARENT], G_MAXINT32, &parent) ||
      !parse_number (words[FIELD_USER_TIME], G_MAXUINT64, &user) ||
      !parse_number (words[FIELD_SYSTEM_TIME], G_MAXUINT64, &system) ||
      !parse_number (words[FIELD_THREADS], G_MAXUINT32, &threads) ||
      !parse_number (words[FIELD_START], G_MAXUINT64, &stat.start_ticks) ||
      !parse_number (words[FIELD_MEMORY], G_MAXUINT64, &stat.memory_pages))
    return FALSE;
  g_strlcpy (stat.name, name + 1, MIN ((gsize)(end - name), sizeof stat.name));
  stat.state = *words[FIELD_STATE];
  stat.parent = (pid_t)parent;
  stat.threads = (guint32)threads;
  stat.cpu_ticks = user + system;
  *ret_stat = stat;
  return TRUE;
}

/* Returns the rest of the line that begins with key, without the blanks. NULL: there is no such
 * line. */
static char *
find_line (const char *text, const char *key)
{
  const gsize length = strlen (key);

  for (const char *line = text; line; line = strchr (line, '\n') ? strchr (line, '\n') + 1 : NULL)
    if (strncmp (line, key, length) == 0)
      return g_strstrip (g_strndup (line + length, strcspn (line + length, "\n")));
  return NULL;
}

gboolean
quilt_proc_parse_status (const char *text, QuiltProcStatus *ret_status)
{
  g_autofree char *uids = find_line (text, "Uid:");
  g_autofree char *pids = find_line (text, "NSpid:");
  g_auto (GStrv) uid_words = g_strsplit (uids ? uids : "", "\t", 4);
  g_auto (GStrv) pid_words = g_strsplit (pids ? pids : "", "\t", QUILT_PROC_LEVELS_MAX + 1);
  QuiltProcStatus status = {.n_pids = g_strv_length (pid_words)};
  guint64 number;

  if (g_strv_length (uid_words) != 4 || !parse_number (uid_words[1], G_MAXUINT32, &number))
    return FALSE;
  status.uid = (guint32)number;
  if (status.n_pids == 0 || status.n_pids > QUILT_PROC_LEVELS_MAX)
    return FALSE;
  for (guint i = 0; i < status.n_pids; i++) {
    if (!parse_number (pid_words[i], G_MAXINT32, &number))
      return FALSE;
    status.pids[i] = (pid_t)number;
  }
  *ret_status = status;
  return TRUE;
}

char **
quilt_proc_split_command (const char *bytes, gsize length, guint max_args, gboolean *ret_cut)
{
  g_autoptr (GStrvBuilder) args = g_strv_builder_new ();
  guint n = 0;

  while (length > 0 && bytes[length - 1] == '\0')
    length--;
  for (gsize at = 0; at < length && n < max_args; n++) {
    g_autofree char *arg = g_strndup (bytes + at, length - at); /* ends at the first NUL */

    at += strlen (arg) + 1;
    g_strv_builder_add (args, arg);
    if (n + 1 == max_args)
      *ret_cut = at < length;
  }
  if (n < max_args)
    *ret_cut = FALSE;
  return g_strv_builder_end (args);
}
