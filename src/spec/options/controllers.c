/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup controllers that a container's limits need. Pure. */
#include "spec/options/controllers.h"

#include "spec/options/table.h"

#include <string.h>

static gboolean
is_asked (const QuiltOption *option, const QuiltOptions *options, const QuiltOptions *defaults)
{
  gpointer value = quilt_option_member (option, options);

  switch (option->type) {
  case QUILT_OPTION_STRING:
    return *(char **)value && **(char **)value;
  case QUILT_OPTION_STRINGS:
    return *(char ***)value && **(char ***)value;
  case QUILT_OPTION_ENTRIES:
    return quilt_entries_count (*(GVariant **)value) > 0;
  default:
    return *(guint64 *)value != *(guint64 *)quilt_option_member (option, defaults);
  }
}

static gboolean
is_missing (const QuiltOption *option, char *const *controllers)
{
  return option->controller &&
         !g_strv_contains ((const char *const *)controllers, option->controller);
}

char *
quilt_options_missing_controllers (const QuiltOptions *options,
                                   const QuiltOptions *defaults,
                                   const char *have)
{
  g_auto (GStrv) controllers = g_strsplit_set (have, " \n", -1);
  g_autoptr (GString) missing = g_string_new (NULL);

  for (const QuiltOption *option = quilt_option_table; option->key; option++)
    if (is_missing (option, controllers) && is_asked (option, options, defaults))
      g_string_append_printf (missing, "%s%s needs %s", missing->len ? ", " : "", option->key,
                              option->controller);
  return missing->len ? g_string_free (g_steal_pointer (&missing), FALSE) : NULL;
}

gboolean
quilt_controllers_are_all (const char *have)
{
  g_auto (GStrv) controllers = g_strsplit_set (have, " \n", -1);

  for (const QuiltOption *option = quilt_option_table; option->key; option++)
    if (is_missing (option, controllers))
      return FALSE;
  return TRUE;
}
