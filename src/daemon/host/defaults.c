/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The defaults for containers. */
#include "daemon/host/defaults.h"

GVariant *
quilt_defaults_complete (const QuiltDefaults *defaults, GVariant *options)
{
  const struct {
    const char *key;
    guint64 value;
  } values[] = {
      {"stop-timeout", defaults->stop_timeout_usec},
      {"memory-max", defaults->memory_max},
      {"cpu-quota", defaults->cpu_quota_usec},
      {"pids-max", defaults->pids.max},
  };
  GVariantBuilder builder;
  GVariantIter iter;
  GVariant *item;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_iter_init (&iter, options);
  while ((item = g_variant_iter_next_value (&iter))) {
    g_variant_builder_add_value (&builder, item);
    g_variant_unref (item);
  }
  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autoptr (GVariant) given = g_variant_lookup_value (options, values[i].key, NULL);

    if (!given)
      g_variant_builder_add (&builder, "{sv}", values[i].key,
                             g_variant_new_uint64 (values[i].value));
  }
  return g_variant_builder_end (&builder);
}
