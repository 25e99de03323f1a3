/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run, create and update: parses them, and converts them for quiltd. */
#include "ctl/options/create.h"

#include "base/option-error.h"
#include "ctl/bus.h"
#include "ctl/options/kinds.h"

#include <string.h>

static GOptionArg
get_arg (guint i)
{
  return quilt_create_kinds[quilt_arguments[i].kind].arg;
}

void
quilt_create_args_clear (QuiltCreateArgs *args)
{
  for (guint i = 0; quilt_arguments[i].name; i++) {
    if (get_arg (i) == G_OPTION_ARG_FILENAME)
      g_free (args->values[i].text);
    else if (get_arg (i) == G_OPTION_ARG_FILENAME_ARRAY)
      g_strfreev (args->values[i].texts);
  }
}

static guint
fill_entries (QuiltCreateArgs *args, gboolean live_only, GOptionEntry *entries)
{
  const QuiltArgument *argument;
  guint n = 0;

  for (guint i = 0; (argument = &quilt_arguments[i])->name; i++)
    if (!live_only || (argument->option && argument->option->live))
      entries[n++] = (GOptionEntry){
          .long_name = argument->name,
          .short_name = argument->letter,
          .arg = get_arg (i),
          .arg_data = &args->values[i],
          .description = argument->help,
          .arg_description = argument->metavar,
      };
  g_assert (n < QUILT_CREATE_OPTIONS_MAX);
  return n;
}

char **
quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args)
{
  const GOptionEntry of_run[] = {
      {"detach", 'd', 0, G_OPTION_ARG_NONE, &ret_args->detach, "Print the ID, don't wait", NULL},
      {"detach-keys", 0, 0, G_OPTION_ARG_FILENAME, &ret_args->detach_keys,
       "Keys that leave the terminal", "KEYS"},
      {"sig-proxy", 0, 0, G_OPTION_ARG_FILENAME, &ret_args->sig_proxy,
       "Pass signals on to the container", "BOOL"},
  };
  GOptionEntry entries[QUILT_CREATE_OPTIONS_MAX + G_N_ELEMENTS (of_run) + 1] = {0};
  guint n = fill_entries (ret_args, FALSE, entries);

  if (for_run)
    memcpy (entries + n, of_run, sizeof of_run);
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
is_given (guint i, const QuiltCreateValue *value)
{
  return get_arg (i) == G_OPTION_ARG_NONE ? value->flag : value->text != NULL;
}

static gboolean
sets_key (const QuiltArgument *argument, const char *key)
{
  return (argument->option && strcmp (argument->option->key, key) == 0) ||
         g_strcmp0 (argument->also, key) == 0;
}

/* "--name" of the option or options that set this key; empty if no option did. */
static char *
name_key (const QuiltCreateArgs *args, const char *key)
{
  GString *names = g_string_new (NULL);
  const QuiltArgument *argument;

  for (guint i = 0; (argument = &quilt_arguments[i])->name; i++)
    if (is_given (i, &args->values[i]) && sets_key (argument, key))
      g_string_append_printf (names, "%s--%s", names->len > 0 ? " and " : "", argument->name);
  return g_string_free (names, FALSE);
}

void
quilt_create_name_option (const QuiltCreateArgs *args, GError *error)
{
  const char *problem;
  const char *key = quilt_option_error_get_key (error, &problem);
  g_autofree char *names = key ? name_key (args, key) : NULL;
  char *message;

  if (!names || !*names)
    return;
  message = g_strconcat ("Failed to set option ", names, problem, NULL);
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
  const QuiltArgument *argument;
  const QuiltCreateRequest request = {&builder, lookup, args};

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; (argument = &quilt_arguments[i])->name; i++) {
    const QuiltCreateValue *value = &args->values[i];
    QuiltCreateAdd add_value = quilt_create_kinds[argument->kind].add;

    if (is_given (i, value) && add_value && !add_value (argument, value, &request, error)) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
  }
  if (command && command[0])
    g_variant_builder_add (&builder, "{sv}", "command",
                           g_variant_new_bytestring_array ((const char *const *)command, -1));
  return g_variant_builder_end (&builder);
}

void
quilt_create_begin_call (GVariantBuilder *ret_builder, GVariant *options)
{
  GVariantIter iter;
  GVariant *entry;

  g_variant_builder_init (ret_builder, G_VARIANT_TYPE_VARDICT);
  g_variant_iter_init (&iter, options);
  while ((entry = g_variant_iter_next_value (&iter))) {
    g_variant_builder_add_value (ret_builder, entry);
    g_variant_unref (entry);
  }
  g_variant_builder_add (ret_builder, "{sv}", QUILT_BUS_ERROR_DETAILS,
                         g_variant_new_boolean (TRUE));
}

GVariant *
quilt_create_call_options (GVariant *options)
{
  GVariantBuilder builder;

  quilt_create_begin_call (&builder, options);
  return g_variant_builder_end (&builder);
}
