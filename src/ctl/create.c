/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run, create and update: read from a command line, and sent to quiltd. */
#include "ctl/create.h"

#include "ctl/create-option.h"

#include <string.h>

/* In the order of --help. */
static const QuiltCreateTable *const tables[] = {&quilt_create_general, &quilt_create_limits,
                                                 &quilt_create_isolation};

/* NULL behind the last. */
static const QuiltCreateOption *
get_option (guint i)
{
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++) {
    if (i < tables[t]->n_options)
      return &tables[t]->options[i];
    i -= tables[t]->n_options;
  }
  return NULL;
}

void
quilt_create_args_clear (QuiltCreateArgs *args)
{
  const QuiltCreateOption *option;

  for (guint i = 0; (option = get_option (i)); i++) {
    if (option->arg == ONE)
      g_free (args->values[i].text);
    else if (option->arg == MANY)
      g_strfreev (args->values[i].texts);
  }
}

const QuiltCreateValue *
quilt_create_get (const QuiltCreateArgs *args, const char *name)
{
  const QuiltCreateOption *option;

  for (guint i = 0; (option = get_option (i)); i++)
    if (strcmp (option->name, name) == 0)
      return &args->values[i];
  g_return_val_if_reached (NULL);
}

QuiltCreateValue *
quilt_create_find (QuiltCreateArgs *args, const char *name)
{
  return (QuiltCreateValue *)quilt_create_get (args, name);
}

static guint
fill_entries (QuiltCreateArgs *args, gboolean live_only, GOptionEntry *entries)
{
  const QuiltCreateOption *option;
  guint n = 0;

  for (guint i = 0; (option = get_option (i)); i++)
    if (option->live || !live_only)
      entries[n++] = (GOptionEntry){
          .long_name = option->name,
          .short_name = option->letter,
          .arg = option->arg,
          .arg_data = &args->values[i],
          .description = option->help,
          .arg_description = option->metavar,
      };
  g_assert (n < QUILT_CREATE_OPTIONS_MAX);
  return n;
}

char **
quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args)
{
  GOptionEntry entries[QUILT_CREATE_OPTIONS_MAX + 2] = {0};
  guint n = fill_entries (ret_args, FALSE, entries);

  if (for_run)
    entries[n++] =
        (GOptionEntry){"detach", 'd', 0, FLAG, &ret_args->detach, "Print the ID, don't wait", NULL};
  return quilt_ctl_parse (ctl, argv, entries);
}

char **
quilt_create_parse_live (QuiltCtl *ctl, char **argv, QuiltCreateArgs *ret_args)
{
  GOptionEntry entries[QUILT_CREATE_OPTIONS_MAX + 1] = {0};

  ret_args->live = TRUE;
  fill_entries (ret_args, TRUE, entries);
  return quilt_ctl_parse (ctl, argv, entries);
}

static gboolean
is_given (const QuiltCreateOption *option, const QuiltCreateValue *value)
{
  return option->arg == FLAG ? value->flag : value->text != NULL;
}

/* "--name" of the option that set this key, or of those that did; empty where none did. */
static char *
name_key (const QuiltCreateArgs *args, const char *key)
{
  GString *names = g_string_new (NULL);
  const QuiltCreateOption *option;

  for (guint i = 0; (option = get_option (i)); i++)
    if (is_given (option, &args->values[i]) &&
        (g_strcmp0 (option->key, key) == 0 || g_strcmp0 (option->key2, key) == 0))
      g_string_append_printf (names, "%s--%s", names->len > 0 ? " and " : "", option->name);
  return g_string_free (names, FALSE);
}

void
quilt_create_name_option (const QuiltCreateArgs *args, GError *error)
{
  static const char before[] = "set option '";
  const char *found = strstr (error->message, before);
  const char *start = found ? found + strlen (before) : NULL;
  const char *end = start ? strchr (start, '\'') : NULL;
  g_autofree char *key = end ? g_strndup (start, (gsize)(end - start)) : NULL;
  g_autofree char *names = key ? name_key (args, key) : NULL;
  g_autofree char *head = NULL;
  char *message;

  if (!names || !*names)
    return;
  head = g_strndup (error->message, (gsize)(start - 1 - error->message));
  message = g_strconcat (head, names, end + 1, NULL);
  g_free (error->message);
  error->message = message;
}

GVariant *
quilt_create_options (const QuiltCreateArgs *args,
                      char *const *command,
                      const char *(*lookup) (const char *name),
                      GError **error)
{
  GVariantBuilder builder;
  const QuiltCreateOption *option;
  const QuiltCreateRequest request = {&builder, lookup, args};

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; (option = get_option (i)); i++) {
    const QuiltCreateValue *value = &args->values[i];

    if (is_given (option, value) && !option->add (option, value, &request, error)) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
  }
  if (command && command[0])
    g_variant_builder_add (&builder, "{sv}", "command",
                           g_variant_new_bytestring_array ((const char *const *)command, -1));
  return g_variant_builder_end (&builder);
}
