/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of run and create that depend on each other, on files, or on the caller's environment. */
#include "ctl/options/kinds.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/options/change.h"
#include "ctl/options/env.h"
#include "ctl/options/security.h"
#include "ctl/options/text-file.h"
#include "ctl/options/volume.h"
#include "spec/quantities.h"

#include <string.h>

/* The lines of all files, followed by texts. Owned by the caller, NULL-terminated. */
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

char **
quilt_env_read (char *const *files,
                char *const *texts,
                const char *(*lookup) (const char *name),
                GError **error)
{
  g_autoptr (GStrvBuilder) entries = g_strv_builder_new ();
  g_auto (GStrv) all = join_files ("variables", files, texts, error);

  if (!all)
    return NULL;
  for (char **env = all; *env; env++) {
    const char *found;

    if (**env == '\0' || **env == '=') {
      g_autofree char *quoted = quilt_text_quote (*env);

      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to read variable '%s': must be NAME=VALUE or NAME", quoted);
      return NULL;
    }
    if (strchr (*env, '='))
      g_strv_builder_add (entries, *env);
    else if ((found = lookup (*env))) {
      g_autofree char *entry = g_strconcat (*env, "=", found, NULL);

      g_strv_builder_add (entries, entry);
    }
  }
  return g_strv_builder_end (entries);
}

/* --env-file and --env are one option on the bus, so one call adds both: that for --env, or that
 * for --env-file if it is the only one. */
gboolean
quilt_create_env (const QuiltArgument *argument,
                  const QuiltCreateValue *value,
                  const QuiltCreateRequest *request,
                  GError **error)
{
  const QuiltCreateValue *files = quilt_create_get (request->args, "env-file");
  const QuiltCreateValue *texts = quilt_create_get (request->args, "env");
  g_auto (GStrv) entries = NULL;

  if (value == files && texts->texts)
    return TRUE;
  entries = quilt_env_read (files->texts, texts->texts, request->lookup, error);
  if (!entries)
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_bytestring_array ((const char *const *)entries, -1));
  return TRUE;
}

/* Whether one of labels has the same key as label. */
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

/* --label-file and --label are one option on the bus, so one call adds both. As in podman, a label
 * may be a key alone. If files have several labels with the same key, the last one counts, unless
 * --label has that key. */
gboolean
quilt_create_labels (const QuiltArgument *argument,
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
  return quilt_create_texts (argument, &(QuiltCreateValue){.texts = (char **)entries->pdata},
                             request, error);
}

/* A program, or a JSON array of a program and its first arguments. */
gboolean
quilt_create_entrypoint (const QuiltArgument *argument,
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
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_bytestring_array ((const char *const *)argv, -1));
  return TRUE;
}

/* Parses LINES[/TIME]. */
gboolean
quilt_create_log_rate (const QuiltArgument *argument,
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
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_int64 (burst));
  if (!slash)
    return TRUE;
  if (!quilt_parse_duration (slash + 1, &interval, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", argument->also, g_variant_new_uint64 (interval));
  return TRUE;
}

/* --volume and --mount are one option on the bus, so one call adds both. */
gboolean
quilt_create_volumes (const QuiltArgument *argument,
                      const QuiltCreateValue *value,
                      const QuiltCreateRequest *request,
                      GError **error)
{
  const QuiltCreateValue *volumes = quilt_create_get (request->args, "volume");
  const QuiltCreateValue *mounts = quilt_create_get (request->args, "mount");
  GVariant *entries;

  if (value == mounts && volumes->texts)
    return TRUE;
  entries = quilt_volumes_new (volumes->texts, mounts->texts, error);
  if (entries)
    g_variant_builder_add (request->builder, "{sv}", argument->option->key, entries);
  return entries != NULL;
}

gboolean
quilt_create_security (const QuiltArgument *argument,
                       const QuiltCreateValue *value,
                       const QuiltCreateRequest *request,
                       GError **error)
{
  return quilt_create_check_texts (argument, value, error) &&
         quilt_security_add (value->texts, request->builder, error);
}

gboolean
quilt_create_seccomp (const QuiltArgument *argument,
                      const QuiltCreateValue *value,
                      const QuiltCreateRequest *request,
                      GError **error)
{
  return quilt_security_add_seccomp (value->text, request->builder, error);
}
