/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers may share what their setup steps leave behind. */
#include "spec/options/setup-cache.h"

#include "base/option-error.h"
#include "spec/options/entries.h"
#include "spec/options/sharing.h"

static const char *const modes[] = {
    [QUILT_SETUP_CACHE_OFF] = "off",
    [QUILT_SETUP_CACHE_USE] = "use",
    [QUILT_SETUP_CACHE_REFRESH] = "refresh",
};

/* The key of an option that keeps the steps' result from being shared; NULL: none does. */
static const char *
find_obstacle (const QuiltOptions *options)
{
  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++)
    if (quilt_sharing_get_container (sharing, options))
      return sharing->key;
  if (quilt_entries_count (options->volumes) > 0)
    return "volumes";
  if (quilt_entries_count (options->devices) > 0)
    return "devices";
  return options->privileged ? "privileged" : NULL;
}

static QuiltSetupCache
get_mode (const QuiltOptions *options)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_strcmp0 (options->setup_cache, modes[i]) == 0)
      return (QuiltSetupCache)i;
  return QUILT_SETUP_CACHE_USE;
}

QuiltSetupCache
quilt_setup_cache_get (const QuiltOptions *options)
{
  if (!options->setup || !*options->setup || find_obstacle (options))
    return QUILT_SETUP_CACHE_OFF;
  return get_mode (options);
}

gboolean
quilt_setup_cache_check (const char *text, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (text, modes[i]))
      return TRUE;
  return quilt_option_error_refuse (error, "setup-cache", text, "must be use, refresh or off");
}

gboolean
quilt_setup_cache_check_together (const QuiltOptions *options, GError **error)
{
  const char *obstacle = find_obstacle (options);
  g_autofree char *why = NULL;

  if (!obstacle || !options->setup_cache || get_mode (options) == QUILT_SETUP_CACHE_OFF)
    return TRUE;
  why = g_strdup_printf ("what setup steps leave behind can't be kept with the option '%s', since "
                         "they may depend on more than Quilt knows; leave out one of the two",
                         obstacle);
  return quilt_option_error_refuse (error, "setup-cache", options->setup_cache, why);
}
