/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which cgroup controllers a container's limits need. Pure. */
#include "spec/options/controllers.h"

#include "spec/options/table.h"

#include <string.h>

/* The quota of CPU time is cpu's; addresses need none, they are filtered by BPF. */
static const struct {
  const char *key, *controller;
} needs[] = {
    {"memory-max", "memory"},   {"memory-high", "memory"},   {"memory-low", "memory"},
    {"memory-swap", "memory"},  {"cpu-quota", "cpu"},        {"cpu-weight", "cpu"},
    {"cpuset-cpus", "cpuset"},  {"cpuset-mems", "cpuset"},   {"pids-max", "pids"},
    {"io-weight", "io"},        {"device-read-bps", "io"},   {"device-write-bps", "io"},
    {"device-read-iops", "io"}, {"device-write-iops", "io"},
};

static gboolean
is_asked (const char *key, const QuiltOptions *options, const QuiltOptions *defaults)
{
  const QuiltOption *option = quilt_option_find (key);
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

char *
quilt_options_missing_controllers (const QuiltOptions *options,
                                   const QuiltOptions *defaults,
                                   const char *have)
{
  g_auto (GStrv) controllers = g_strsplit_set (have, " \n", -1);
  g_autoptr (GString) missing = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (needs); i++)
    if (!g_strv_contains ((const char *const *)controllers, needs[i].controller) &&
        is_asked (needs[i].key, options, defaults))
      g_string_append_printf (missing, "%s%s needs %s", missing->len ? ", " : "", needs[i].key,
                              needs[i].controller);
  return missing->len ? g_string_free (g_steal_pointer (&missing), FALSE) : NULL;
}

gboolean
quilt_controllers_are_all (const char *have)
{
  g_auto (GStrv) controllers = g_strsplit_set (have, " \n", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (needs); i++)
    if (!g_strv_contains ((const char *const *)controllers, needs[i].controller))
      return FALSE;
  return TRUE;
}
