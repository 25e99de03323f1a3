/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the record of an image that is made of another image and one more layer. */
#include "daemon/images/commit-record.h"

#include "base/error.h"
#include "store/digest.h"

#include <string.h>

/* The new layer hides all of an equal one below it, and overlayfs takes no layer twice. */
static char **
add_layer (char **layers, const char *layer)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

  for (; *layers; layers++)
    if (g_strcmp0 (*layers, layer) != 0)
      g_strv_builder_add (all, *layers);
  if (layer)
    g_strv_builder_add (all, layer);
  return g_strv_builder_end (all);
}

static gboolean
is_same_variable (const char *a, const char *b)
{
  const gsize length = strcspn (a, "=");

  return length == strcspn (b, "=") && strncmp (a, b, length) == 0;
}

/* Replaces variables in their places, and appends new ones. */
static char **
merge_env (char **old, char **changes)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  for (; old && *old; old++)
    g_ptr_array_add (all, g_strdup (*old));
  for (; *changes; changes++) {
    guint i = 0;

    while (i < all->len && !is_same_variable (all->pdata[i], *changes))
      i++;
    if (i < all->len)
      g_free (g_steal_pointer (&all->pdata[i]));
    else
      g_ptr_array_add (all, NULL);
    all->pdata[i] = g_strdup (*changes);
  }
  g_ptr_array_add (all, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&all), FALSE);
}

static void
replace_list (char ***list, char **with)
{
  if (!with)
    return;
  g_strfreev (*list);
  *list = g_strdupv (with);
}

static void
replace_text (char **text, const char *with)
{
  if (!with)
    return;
  g_free (*text);
  *text = g_strdup (with);
}

static void
change (QuiltImageConfig *config, const QuiltImageConfig *changes)
{
  if (changes->env) {
    char **env = merge_env (config->env, changes->env);

    g_strfreev (config->env);
    config->env = env;
  }
  replace_list (&config->entrypoint, changes->entrypoint);
  replace_list (&config->cmd, changes->cmd);
  replace_text (&config->working_directory, changes->working_directory);
  replace_text (&config->stop_signal, changes->stop_signal);
  replace_text (&config->user, changes->user);
}

static char *
make_digest (const QuiltImageRecord *record)
{
  g_autoptr (json_object) object = quilt_image_record_to_json (record);
  g_autofree char *text = quilt_json_print (object, FALSE);
  g_autofree char *hex = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  return g_strconcat (QUILT_DIGEST_PREFIX, hex, NULL);
}

QuiltImageRecord *
quilt_commit_record_new (const QuiltImageRecord *base, const QuiltCommitPlan *plan, GError **error)
{
  g_autoptr (QuiltImageRecord) record = g_new0 (QuiltImageRecord, 1);

  record->layers = add_layer (base->layers, plan->layer);
  if (g_strv_length (record->layers) > QUILT_COMMIT_LAYERS_MAX) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to add a layer: the image would have more than %d; export the container "
                 "and import that instead",
                 QUILT_COMMIT_LAYERS_MAX);
    return NULL;
  }
  record->size = base->size + plan->size;
  record->entries = base->entries + plan->entries;
  record->created_usec = plan->created_usec;
  quilt_left_out_copy (&record->left_out, &base->left_out);
  record->author = g_strdup (plan->author);
  record->comment = g_strdup (plan->comment);
  quilt_image_config_copy (&record->config, &base->config);
  change (&record->config, plan->changes);
  record->digest = make_digest (record);
  return g_steal_pointer (&record);
}
