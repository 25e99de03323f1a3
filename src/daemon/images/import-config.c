/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of an import that set how the image is run. */
#include "daemon/images/import-config.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/text.h"
#include "spec/options/options.h"
#include "spec/signals.h"

static gboolean
check_keys (GVariant *dict, GError **error)
{
  static const char *const keys[] = {"command",     "entrypoint", "env", "working-directory",
                                     "stop-signal", "user",       NULL};
  GVariantIter iter;
  const char *key;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &key, NULL))
    if (!g_strv_contains (keys, key)) {
      g_autofree char *quoted = quilt_text_quote (key);

      return quilt_option_error_set (error, QUILT_ERROR_NOT_SUPPORTED, quoted,
                                     ": an image has no such option");
    }
  return TRUE;
}

/* An empty list counts as absent. */
static char **
dup_list (char **list)
{
  return list && *list ? g_strdupv (list) : NULL;
}

gboolean
quilt_import_config_read (GVariant *dict, QuiltImageConfig *ret_config, GError **error)
{
  g_autoptr (QuiltOptions) options =
      check_keys (dict, error) ? quilt_options_from_variant (dict, error) : NULL;

  if (!options)
    return FALSE;
  ret_config->cmd = dup_list (options->command);
  ret_config->entrypoint = dup_list (options->entrypoint);
  ret_config->env = dup_list (options->env);
  ret_config->working_directory = g_strdup (options->working_directory);
  ret_config->user = g_strdup (options->user);
  if (options->stop_signal)
    ret_config->stop_signal = quilt_signal_to_string ((int)options->stop_signal);
  return TRUE;
}

static gboolean
lists_equal (char **a, char **b)
{
  static char *none[] = {NULL};

  return g_strv_equal ((const char *const *)(a ? a : none), (const char *const *)(b ? b : none));
}

gboolean
quilt_import_config_equal (const QuiltImageConfig *a, const QuiltImageConfig *b)
{
  return lists_equal (a->cmd, b->cmd) && lists_equal (a->entrypoint, b->entrypoint) &&
         lists_equal (a->env, b->env) &&
         g_strcmp0 (a->working_directory, b->working_directory) == 0 &&
         g_strcmp0 (a->stop_signal, b->stop_signal) == 0 && g_strcmp0 (a->user, b->user) == 0;
}

gboolean
quilt_import_config_is_empty (const QuiltImageConfig *config)
{
  const QuiltImageConfig empty = {NULL};

  return quilt_import_config_equal (config, &empty);
}
