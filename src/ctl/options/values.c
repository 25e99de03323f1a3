/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts values of create's options for quiltd. */
#include "ctl/options/kinds.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "spec/signals.h"

#include <string.h>

gboolean
quilt_create_text (const QuiltArgument *argument,
                   const QuiltCreateValue *value,
                   const QuiltCreateRequest *request,
                   GError **error)
{
  if (!quilt_bus_check_text (argument->name, value->text, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_string (value->text));
  return TRUE;
}

gboolean
quilt_create_check_texts (const QuiltArgument *argument,
                          const QuiltCreateValue *value,
                          GError **error)
{
  for (char **text = value->texts; *text; text++)
    if (!quilt_bus_check_text (argument->name, *text, error))
      return FALSE;
  return TRUE;
}

gboolean
quilt_create_texts (const QuiltArgument *argument,
                    const QuiltCreateValue *value,
                    const QuiltCreateRequest *request,
                    GError **error)
{
  if (!quilt_create_check_texts (argument, value, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_strv ((const char *const *)value->texts, -1));
  return TRUE;
}

/* Names the option, since several options take the same kind of value. Returns FALSE. */
static gboolean
name_option (const QuiltArgument *argument, GError **error)
{
  g_prefix_error (error, "Failed to set option --%s: ", argument->name);
  return FALSE;
}

gboolean
quilt_create_flag (const QuiltArgument *argument,
                   const QuiltCreateValue *value,
                   const QuiltCreateRequest *request,
                   GError **error)
{
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_boolean (TRUE));
  return TRUE;
}

gboolean
quilt_create_number (const QuiltArgument *argument,
                     const QuiltCreateValue *value,
                     const QuiltCreateRequest *request,
                     GError **error)
{
  guint64 number = argument->option->initial;

  /* run and create refuse an empty value: a shell variable that is unexpectedly empty must not lift
   * the limit. */
  if ((*value->text || !request->args->live) &&
      !quilt_create_kinds[argument->kind].parse (value->text, &number, error))
    return name_option (argument, error);
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_uint64 (number));
  return TRUE;
}

static gboolean
refuse_number (const QuiltArgument *argument, const char *text, const char *allowed, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read %s '%s': %s",
               argument->name, quoted, allowed);
  return FALSE;
}

gboolean
quilt_create_decimal (const QuiltArgument *argument,
                      const QuiltCreateValue *value,
                      const QuiltCreateRequest *request,
                      GError **error)
{
  gint64 number;

  if (!g_ascii_string_to_signed (value->text, 10, G_MININT32, G_MAXINT32, &number, NULL))
    return refuse_number (argument, value->text, "must be a whole number", error);
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_int32 ((gint32)number));
  return TRUE;
}

gboolean
quilt_create_octal (const QuiltArgument *argument,
                    const QuiltCreateValue *value,
                    const QuiltCreateRequest *request,
                    GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value->text, 8, 0, 0777, &number, NULL))
    return refuse_number (argument, value->text, "must be an octal number up to 0777", error);
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_int32 ((gint32)number));
  return TRUE;
}

gboolean
quilt_create_signal (const QuiltArgument *argument,
                     const QuiltCreateValue *value,
                     const QuiltCreateRequest *request,
                     GError **error)
{
  int signal = 0; /* 0: the image's stop signal */

  if ((*value->text || !request->args->live) && !quilt_parse_signal (value->text, &signal, error))
    return name_option (argument, error);
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_new_int32 (signal));
  return TRUE;
}

/* Lists of names, separated by commas. */
gboolean
quilt_create_names (const QuiltArgument *argument,
                    const QuiltCreateValue *value,
                    const QuiltCreateRequest *request,
                    GError **error)
{
  g_autofree char *joined = g_strjoinv (",", value->texts);
  g_auto (GStrv) names = g_strsplit (joined, ",", -1);
  char *empty[] = {joined, NULL}; /* g_strsplit() would turn an empty text into no name at all */

  return quilt_create_texts (argument, &(QuiltCreateValue){.texts = *joined ? names : empty},
                             request, error);
}

/* The new list replaces the old one. A single empty word means an empty list. */
gboolean
quilt_create_list (const QuiltArgument *argument,
                   const QuiltCreateValue *value,
                   const QuiltCreateRequest *request,
                   GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();

  for (char **text = value->texts; *text; text++)
    if (**text)
      g_ptr_array_add (entries, *text);
  g_ptr_array_add (entries, NULL);
  return quilt_create_texts (argument, &(QuiltCreateValue){.texts = (char **)entries->pdata},
                             request, error);
}

gboolean
quilt_create_entries (const QuiltArgument *argument,
                      const QuiltCreateValue *value,
                      const QuiltCreateRequest *request,
                      GError **error)
{
  g_autofree char *name = g_strconcat ("--", argument->name, NULL);
  GVariantBuilder entries;

  g_variant_builder_init (&entries, G_VARIANT_TYPE (argument->option->shape->type));
  for (char **text = value->texts; *text; text++) {
    GVariant *entry;

    if (argument->option->live && !**text)
      continue;
    entry = quilt_bus_check_text (argument->name, *text, error)
                ? argument->option->shape->from_text (name, *text, error)
                : NULL;
    if (!entry) {
      g_variant_builder_clear (&entries);
      return FALSE;
    }
    g_variant_builder_add_value (&entries, entry);
  }
  g_variant_builder_add (request->builder, "{sv}", argument->option->key,
                         g_variant_builder_end (&entries));
  return TRUE;
}
