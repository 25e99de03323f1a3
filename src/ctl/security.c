/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --security-opt takes, and what it is on the bus. */
#include "ctl/security.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

typedef struct SecurityOption SecurityOption;

struct SecurityOption {
  const char *name;
  const char *key; /* on the bus */
  /* values: of each time that it is given, in order; "" where it has none. */
  gboolean (*add) (const SecurityOption *option,
                   const GPtrArray *values,
                   GVariantBuilder *builder,
                   GError **error);
  const char *usage;
};

static gboolean
refuse (GError **error, const char *text, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read security option '%s': %s", quoted, why);
  return FALSE;
}

/* What makes sense once alone; NULL sets the error. */
static const char *
only_value (const SecurityOption *option, const GPtrArray *values, GError **error)
{
  if (values->len == 1)
    return values->pdata[0];
  refuse (error, option->name, "it is given more than once");
  return NULL;
}

/* "", "true" or "false". */
static gboolean
add_boolean (const SecurityOption *option,
             const GPtrArray *values,
             GVariantBuilder *builder,
             GError **error)
{
  const char *value = only_value (option, values, error);

  if (!value)
    return FALSE;
  if (*value && strcmp (value, "true") != 0 && strcmp (value, "false") != 0) {
    g_autofree char *text = g_strconcat (option->name, "=", value, NULL);

    return refuse (error, text, "must be 'true' or 'false'");
  }
  g_variant_builder_add (builder, "{sv}", option->key,
                         g_variant_new_boolean (strcmp (value, "false") != 0));
  return TRUE;
}

/* Each has its value after the first '='. In the order in which a refusal names them. */
static const SecurityOption options[] = {
    {"no-new-privileges", "no-new-privileges", add_boolean, "no-new-privileges[=true|false]"},
};

static const SecurityOption *
find (const char *text)
{
  gsize length = strcspn (text, "=");

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (strncmp (options[i].name, text, length) == 0 && options[i].name[length] == '\0')
      return &options[i];
  return NULL;
}

static gboolean
refuse_unknown (GError **error, const char *text)
{
  g_autoptr (GString) why = g_string_new ("there is no such option, only ");

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_string_append_printf (why, "%s%s", i > 0 ? ", " : "", options[i].usage);
  return refuse (error, text, why->str);
}

gboolean
quilt_security_add (char *const *texts, GVariantBuilder *builder, GError **error)
{
  for (char *const *text = texts; *text; text++)
    if (!find (*text))
      return refuse_unknown (error, *text);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autoptr (GPtrArray) values = g_ptr_array_new ();

    for (char *const *text = texts; *text; text++)
      if (find (*text) == &options[i]) {
        const char *equals = strchr (*text, '=');

        g_ptr_array_add (values, (gpointer)(equals ? equals + 1 : ""));
      }
    if (values->len > 0 && !options[i].add (&options[i], values, builder, error))
      return FALSE;
  }
  return TRUE;
}
