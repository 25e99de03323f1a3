/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses --security-opt into options on the bus. */
#include "ctl/options/security.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "ctl/options/text-file.h"
#include "spec/options/options.h"
#include "spec/seccomp/seccomp.h"

#include <string.h>

typedef struct SecurityOption SecurityOption;

struct SecurityOption {
  const char *name;
  const char *key; /* key on the bus */
  /* values: the value of each occurrence, in order; "" if it has none. */
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

/* The value of an option that may be given only once. Returns NULL with an error if it was
 * repeated. */
static const char *
only_value (const SecurityOption *option, const GPtrArray *values, GError **error)
{
  if (values->len == 1)
    return values->pdata[0];
  refuse (error, option->name, "it is given more than once");
  return NULL;
}

static char *
read_profile (const char *path, GError **error)
{
  g_autoptr (GString) text =
      quilt_text_file_read ("seccomp profile", path, QUILT_SECCOMP_PROFILE_MAX, error);

  if (!text)
    return NULL;
  if (memchr (text->str, '\0', text->len)) {
    refuse (error, path, "the profile has a NUL byte");
    return NULL;
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
quilt_security_add_seccomp (const char *value, GVariantBuilder *builder, GError **error)
{
  g_autofree char *text = NULL;

  if (strcmp (value, QUILT_SECCOMP_DEFAULT) == 0 || strcmp (value, QUILT_SECCOMP_UNCONFINED) == 0)
    text = g_strdup (value);
  else
    text = read_profile (value, error);
  if (!text || !quilt_bus_check_text ("seccomp", text, error))
    return FALSE;
  g_variant_builder_add (builder, "{sv}", "seccomp", g_variant_new_string (text));
  return TRUE;
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

static gboolean
add_seccomp (const SecurityOption *option,
             const GPtrArray *values,
             GVariantBuilder *builder,
             GError **error)
{
  const char *value = only_value (option, values, error);

  return value && quilt_security_add_seccomp (value, builder, error);
}

static gboolean
add_word (const SecurityOption *option,
          const GPtrArray *values,
          GVariantBuilder *builder,
          GError **error)
{
  const char *value = only_value (option, values, error);

  if (!value)
    return FALSE;
  if (!*value)
    return refuse (error, option->name, "it needs a value after '='");
  g_variant_builder_add (builder, "{sv}", option->key, g_variant_new_string (value));
  return TRUE;
}

static gboolean
add_words (const SecurityOption *option,
           const GPtrArray *values,
           GVariantBuilder *builder,
           GError **error)
{
  for (guint i = 0; i < values->len; i++)
    if (!*(const char *)values->pdata[i])
      return refuse (error, option->name, "it needs a value after '='");
  g_variant_builder_add (builder, "{sv}", option->key,
                         g_variant_new_strv ((const char *const *)values->pdata, values->len));
  return TRUE;
}

/* The value follows the first '='. An error lists the options in this order. */
static const SecurityOption options[] = {
    {"no-new-privileges", "no-new-privileges", add_boolean, "no-new-privileges[=true|false]"},
    {"seccomp", "seccomp", add_seccomp, "seccomp=FILE|unconfined|default"},
    {"apparmor", "apparmor", add_word, "apparmor=PROFILE|unconfined"},
    {"label", "label", add_words,
     "label=disable|user:USER|role:ROLE|type:TYPE|level:LEVEL|filetype:TYPE"},
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
