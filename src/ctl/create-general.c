/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of run and create: the container's name, its command and what happens around that. */
#include "ctl/create-option.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/change.h"
#include "ctl/text-file.h"
#include "spec/words.h"

#include <string.h>

/* The lines of all files, then texts; the caller's, NULL-terminated. */
static char **
join_files (const char *what, char *const *files, char *const *texts, GError **error)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

  for (; files && *files; files++) {
    g_auto (GStrv) lines = quilt_text_file_read_lines (what, *files, error);

    if (!lines)
      return NULL;
    g_strv_builder_addv (all, (const char **)lines);
  }
  if (texts)
    g_strv_builder_addv (all, (const char **)texts);
  return g_strv_builder_end (all);
}

/* Of --env-file and --env, which are one option on the bus: whichever is first adds both.
 * "NAME=VALUE" as it is, "NAME" with the caller's value, or not at all where there is none. */
static gboolean
add_env (const QuiltCreateOption *option,
         const QuiltCreateValue *value,
         const QuiltCreateRequest *request,
         GError **error)
{
  const QuiltCreateValue *files = quilt_create_get (request->args, "env-file");
  const QuiltCreateValue *texts = quilt_create_get (request->args, "env");
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) all = NULL;

  if (value == files && texts->texts)
    return TRUE;
  all = join_files ("variables", files->texts, texts->texts, error);
  if (!all)
    return FALSE;
  for (char **env = all; *env; env++) {
    const char *found;

    if (**env == '\0' || **env == '=') {
      g_autofree char *quoted = quilt_text_quote (*env);

      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to read variable '%s': must be NAME=VALUE or NAME", quoted);
      return FALSE;
    }
    if (strchr (*env, '='))
      g_ptr_array_add (entries, g_strdup (*env));
    else if ((found = request->lookup (*env)))
      g_ptr_array_add (entries, g_strconcat (*env, "=", found, NULL));
  }
  g_variant_builder_add (
      request->builder, "{sv}", option->key,
      g_variant_new_bytestring_array ((const char *const *)entries->pdata, entries->len));
  return TRUE;
}

/* Whether one of labels has the same key. */
static gboolean
has_key (char *const *labels, const char *label)
{
  gsize length = strcspn (label, "=");

  for (; labels && *labels; labels++)
    if (strcspn (*labels, "=") == length && memcmp (*labels, label, length) == 0)
      return TRUE;
  return FALSE;
}

static void
add_label (const char *label, GPtrArray *entries)
{
  g_ptr_array_add (entries, g_strconcat (label, strchr (label, '=') ? "" : "=", NULL));
}

/* Of --label-file and --label. As podman: a label may be a mere key, and of a file's the last one
 * of a key counts, if it was not given as a label. */
static gboolean
add_labels (const QuiltCreateOption *option,
            const QuiltCreateValue *value,
            const QuiltCreateRequest *request,
            GError **error)
{
  const QuiltCreateValue *files = quilt_create_get (request->args, "label-file");
  const QuiltCreateValue *texts = quilt_create_get (request->args, "label");
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) lines = NULL;

  if (value == files && texts->texts)
    return TRUE;
  lines = join_files ("labels", files->texts, NULL, error);
  if (!lines)
    return FALSE;
  for (char **label = lines; *label; label++)
    if (!has_key (label + 1, *label) && !has_key (texts->texts, *label))
      add_label (*label, entries);
  for (char **label = texts->texts; label && *label; label++)
    add_label (*label, entries);
  g_ptr_array_add (entries, NULL);
  return quilt_create_texts (option, &(QuiltCreateValue){.texts = (char **)entries->pdata}, request,
                             error);
}

/* A program, or a JSON array of it and its first arguments. */
static gboolean
add_entrypoint (const QuiltCreateOption *option,
                const QuiltCreateValue *value,
                const QuiltCreateRequest *request,
                GError **error)
{
  g_auto (GStrv) argv = NULL;

  if (*value->text != '[') {
    const char *const single[] = {value->text, NULL};

    argv = g_strdupv ((char **)single);
  } else {
    argv = quilt_command_parse_json ("entrypoint", value->text, error);
  }
  if (!argv)
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", option->key,
                         g_variant_new_bytestring_array ((const char *const *)argv, -1));
  return TRUE;
}

/* As podman: 0 is no limit. */
static gboolean
parse_runtime (const char *text, guint64 *ret_usec, GError **error)
{
  guint64 usec;

  if (!quilt_parse_duration (text, &usec, error))
    return FALSE;
  *ret_usec = usec ? usec : G_MAXUINT64;
  return TRUE;
}

/* LINES[/TIME]. */
static gboolean
add_log_rate (const QuiltCreateOption *option,
              const QuiltCreateValue *value,
              const QuiltCreateRequest *request,
              GError **error)
{
  const char *slash = strchr (value->text, '/');
  g_autofree char *lines =
      slash ? g_strndup (value->text, (gsize)(slash - value->text)) : g_strdup (value->text);
  g_autofree char *quoted = NULL;
  guint64 interval;
  gint64 burst;

  if (!g_ascii_string_to_signed (lines, 10, 1, G_MAXINT64, &burst, NULL)) {
    quoted = quilt_text_quote (value->text);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read log rate limit '%s': must be like '1000' (lines a second) or "
                 "'1000/30s'",
                 quoted);
    return FALSE;
  }
  g_variant_builder_add (request->builder, "{sv}", option->key, g_variant_new_int64 (burst));
  if (!slash)
    return TRUE;
  if (!quilt_parse_duration (slash + 1, &interval, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", "log-rate-interval",
                         g_variant_new_uint64 (interval));
  return TRUE;
}

static const QuiltCreateOption options[] = {
    {"name", 0, ONE, "Name of the container", "NAME", "name", quilt_create_text},
    {"env", 'e', MANY, "Set a variable, or pass on the caller's", "NAME[=VALUE]", "env", add_env},
    {"env-file", 0, MANY, "Set the variables of a file's lines", "FILE", "env", add_env},
    {"workdir", 'w', ONE, "Working directory", "DIR", "working-directory", quilt_create_text},
    {"hostname", 0, ONE, "Host name inside", "NAME", "hostname", quilt_create_text},
    {"domainname", 0, ONE, "NIS domain name inside", "NAME", "domainname", quilt_create_text},
    {"tz", 0, ONE, "Time zone (local, Europe/Berlin)", "ZONE", "timezone", quilt_create_text},
    {"entrypoint", 0, ONE, "Program in place of the image's", "PROGRAM|JSON", "entrypoint",
     add_entrypoint},
    {"timeout", 0, ONE, "Stop it after this time", "TIME", "runtime-max", quilt_create_number,
     parse_runtime},
    {"label", 'l', MANY, "Add a label", "KEY=VALUE", "labels", add_labels},
    {"label-file", 0, MANY, "Add the labels of a file's lines", "FILE", "labels", add_labels},
    {"setup", 0, MANY, "Run inside before the command", "STEP", "setup", quilt_create_texts},
    {"setup-timeout", 0, ONE, "Time that each step may take", "TIME", "setup-timeout",
     quilt_create_number, quilt_parse_duration},
    {"log-rate-limit", 0, ONE, "Drop log lines beyond this", "LINES[/TIME]", "log-rate-burst",
     add_log_rate, .key2 = "log-rate-interval"},
    {"cidfile", 0, ONE, "Write the ID to a new file", "FILE", NULL, quilt_create_nothing},
    {"pidfile", 0, ONE, "Write the process ID to a file", "FILE", NULL, quilt_create_nothing},
    {"replace", 0, FLAG, "Remove the container of this name first", NULL, NULL,
     quilt_create_nothing},
    {"quiet", 'q', FLAG, "Show no progress of an import", NULL, NULL, quilt_create_nothing},
    {"rm", 0, FLAG, "Remove it when it has ended", NULL, "auto-remove", quilt_create_flag},
};

const QuiltCreateTable quilt_create_general = {options, G_N_ELEMENTS (options)};
