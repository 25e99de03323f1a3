/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits and the use of a container as properties. See
 * Documentation/admin-guide/cgroup-v2.rst. */
#include "daemon/host/live-limits.h"

#include "cgroup/file.h"
#include "daemon/host/limit-value.h"

#include <fcntl.h>
#include <string.h>

typedef void (*SetFunc) (QuiltBusContainer *iface, guint64 value);

/* file NULL: as it was asked; the kernel has it in another form. */
static const struct {
  const char *property;
  const char *file;
  QuiltLimitKind kind;
  gsize member;
  SetFunc set;
} limits[] = {
#define LIMIT(property, file, kind, member, set)                                                   \
  {                                                                                                \
    property, file, QUILT_LIMIT_##kind, offsetof (QuiltOptions, member),                           \
        quilt_bus_container_set_##set                                                              \
  }
    LIMIT ("MemoryMax", "memory.max", BYTES, memory_max, memory_max),
    LIMIT ("MemoryHigh", "memory.high", BYTES, memory_high, memory_high),
    LIMIT ("MemoryLow", "memory.low", BYTES, memory_low, memory_low),
    LIMIT ("MemorySwap", NULL, BYTES, memory_swap, memory_swap),
    LIMIT ("CPUQuota", "cpu.max", QUOTA, cpu_quota_usec, cpuquota),
    LIMIT ("CPUWeight", "cpu.weight", WEIGHT, cpu_weight, cpuweight),
    LIMIT ("IOWeight", NULL, WEIGHT, io_weight, ioweight),
    LIMIT ("PidsMax", "pids.max", TASKS, pids_max, pids_max),
#undef LIMIT
};

static void
set_limit (QuiltBusContainer *iface, const QuiltOptions *options, const char *scope, guint i)
{
  guint64 asked = G_STRUCT_MEMBER (guint64, options, limits[i].member);
  g_autofree char *text =
      scope && limits[i].file ? quilt_cgroup_read_in (scope, limits[i].file) : NULL;

  limits[i].set (iface, quilt_limit_value_parse (limits[i].kind, text, asked));
}

void
quilt_live_limits_set (QuiltBusContainer *iface, const QuiltOptions *options, const char *scope)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    set_limit (iface, options, scope, i);
}

gboolean
quilt_live_limits_has (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (strcmp (limits[i].property, name) == 0)
      return TRUE;
  return FALSE;
}

void
quilt_live_limits_set_one (QuiltBusContainer *iface,
                           const QuiltOptions *options,
                           const char *scope,
                           const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (strcmp (limits[i].property, name) == 0)
      set_limit (iface, options, scope, i);
}

guint64
quilt_live_memory (const char *scope)
{
  g_autofree char *path = g_build_filename (scope, "memory.current", NULL);
  guint64 value;

  return quilt_cgroup_read_number (AT_FDCWD, path, &value) ? value : G_MAXUINT64;
}

/* Of a key in a file of the scope's cgroup. */
static gboolean
read_key (const char *scope, const char *file, const char *key, guint64 *ret_value)
{
  g_autofree char *path = g_build_filename (scope, file, NULL);

  return quilt_cgroup_read_key (AT_FDCWD, path, key, ret_value);
}

guint64
quilt_live_cpu_usec (const char *scope)
{
  guint64 value;

  return read_key (scope, "cpu.stat", "usage_usec", &value) ? value : G_MAXUINT64;
}

gboolean
quilt_live_is_frozen (const char *scope)
{
  guint64 frozen;

  return read_key (scope, "cgroup.events", "frozen", &frozen) && frozen;
}
