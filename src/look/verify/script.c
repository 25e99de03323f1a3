/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first line of a script, as the kernel and env(1) read it. */
#include "look/verify/script.h"

#include <string.h>

void
quilt_script_clear (QuiltScript *script)
{
  g_clear_pointer (&script->interpreter, g_free);
  g_clear_pointer (&script->argument, g_free);
}

void
quilt_script_env_clear (QuiltScriptEnv *env)
{
  g_clear_pointer (&env->program, g_free);
  g_clear_pointer (&env->path, g_free);
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

QuiltScriptResult
quilt_script_parse (const char *bytes, gsize length, QuiltScript *ret_script)
{
  char line[QUILT_SCRIPT_LINE + 1] = "";
  gsize end, name, name_end, argument;

  if (length < 2 || bytes[0] != '#' || bytes[1] != '!')
    return QUILT_SCRIPT_NOT;
  length = MIN (length, QUILT_SCRIPT_LINE);
  memcpy (line, bytes, length);
  end = strcspn (line, "\n");
  name = 2 + strspn (line + 2, " \t");
  name_end = name + strcspn (line + name, " \t\n");
  /* A longer line is cut, which is fine for the argument but not for the interpreter. */
  if (name == name_end || name_end >= QUILT_SCRIPT_LINE)
    return QUILT_SCRIPT_BAD;
  end = MIN (end, QUILT_SCRIPT_LINE - 1);
  while (is_blank (line[end - 1]))
    end--;
  line[end] = '\0';
  ret_script->interpreter = g_strndup (line + name, name_end - name);
  argument = MIN (name_end + strspn (line + name_end, " \t"), end);
  ret_script->argument = line[argument] ? g_strdup (line + argument) : NULL;
  return QUILT_SCRIPT_READ;
}

/* Splits the words after -S. Returns FALSE if argument has no -S; *ret_words is NULL if it can't be
 * split. */
static gboolean
split (const char *argument, char ***ret_words)
{
  static const char *const options[] = {"-S", "-iS", "-vS", "--split-string="};

  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autofree char *text = NULL;

    if (!g_str_has_prefix (argument, options[i]))
      continue;
    text = g_strdelimit (g_strdup (argument + strlen (options[i])), "\r\v\f", ' ');
    if (!g_shell_parse_argv (text, NULL, ret_words, NULL))
      *ret_words = NULL;
    return TRUE;
  }
  return FALSE;
}

/* Returns how many words the option has; 0 if it is unknown. */
static guint
count_option (const char *word)
{
  static const char *const alone[] = {"-", "-i", "-v", "-0", "--"};
  static const char *const with_value[] = {"-u", "-C"};

  for (guint i = 0; i < G_N_ELEMENTS (alone); i++)
    if (strcmp (word, alone[i]) == 0)
      return 1;
  for (guint i = 0; i < G_N_ELEMENTS (with_value); i++)
    if (g_str_has_prefix (word, with_value[i]))
      return word[2] ? 1 : 2;
  return g_str_has_prefix (word, "--") && strchr (word, '=') ? 1 : 0;
}

/* Returns FALSE if the words are not understood. */
static gboolean
read_words (char *const *words, QuiltScriptEnv *env)
{
  const guint n = g_strv_length ((char **)words);
  gboolean options = TRUE; /* until the first word that is not one */

  for (guint i = 0; i < n;) {
    const gboolean is_option = options && *words[i] == '-';
    const guint n_option = is_option ? count_option (words[i]) : 0;

    if (strstr (words[i], "${"))
      return FALSE;
    if (g_str_has_prefix (words[i], "PATH=")) {
      g_free (env->path);
      env->path = g_strdup (words[i] + strlen ("PATH="));
    }
    if (is_option && n_option == 0)
      return FALSE;
    if (!is_option && !strchr (words[i], '=')) {
      env->program = g_strdup (words[i]);
      return TRUE;
    }
    options = is_option && strcmp (words[i], "--") != 0;
    i += MAX (n_option, 1);
  }
  return TRUE;
}

gboolean
quilt_script_parse_env (const char *argument, QuiltScriptEnv *ret_env)
{
  g_auto (QuiltScriptEnv) env = {0};
  g_auto (GStrv) words = NULL;

  if (argument)
    env.splits = split (argument, &words);
  if (env.splits && (!words || !read_words (words, &env)))
    return FALSE;
  if (argument && !env.splits) {
    char *const only[] = {(char *)argument, NULL};

    if (!read_words (only, &env))
      return FALSE;
  }
  *ret_env = env;
  env = (QuiltScriptEnv){0};
  return TRUE;
}
