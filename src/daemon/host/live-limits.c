/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows a container's options and its use of resources as properties. See
 * Documentation/admin-guide/cgroup-v2.rst. */
#include "daemon/host/live-limits.h"

#include "cgroup/file.h"
#include "daemon/host/limit-value.h"
#include "dbus/quilt-bus.h"
#include "spec/options/table.h"

#include <fcntl.h>

/* A property of a container's object that shows an option. */
typedef struct {
  const QuiltOption *option;
  guint property; /* of dbus/quilt-bus.h */
  /* file of the cgroup with the value in force; NULL: the property shows the option */
  const char *file;
  QuiltLimitKind kind; /* of that file */
} Property;

static const Property properties[] = {QUILT_OPTION_PROPERTIES};

/* text: the kernel's value of a limit, or NULL. */
static void
set_property (QuiltExport *exported,
              const Property *property,
              const QuiltOptions *options,
              const char *text)
{
  gpointer value = quilt_option_member (property->option, options);
  const char *string;

  switch (property->option->type) {
  case QUILT_OPTION_STRING:
    string = *(char **)value;
    quilt_export_set_string (exported, property->property, string ? string : "");
    return;
  case QUILT_OPTION_UINT64:
    quilt_export_set_uint64 (exported, property->property,
                             quilt_limit_value_parse (property->kind, text, *(guint64 *)value));
    return;
  case QUILT_OPTION_INT32:
    quilt_export_set_int32 (exported, property->property, (gint32) * (gint64 *)value);
    return;
  case QUILT_OPTION_BOOLEAN:
    quilt_export_set_boolean (exported, property->property, *(gboolean *)value);
    return;
  default: /* generate refuses options of other types */
    g_return_if_reached ();
  }
}

void
quilt_live_limits_set (QuiltExport *exported, const QuiltOptions *options)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    set_property (exported, &properties[i], options, NULL);
}

static const Property *
find_limit (guint property)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    if (properties[i].file && properties[i].property == property)
      return &properties[i];
  return NULL;
}

gboolean
quilt_live_limits_has (guint property)
{
  return find_limit (property) != NULL;
}

void
quilt_live_limits_set_one (QuiltExport *exported,
                           const QuiltOptions *options,
                           const char *scope,
                           guint property)
{
  const Property *limit = find_limit (property);
  g_autofree char *text = quilt_cgroup_read_in (scope, limit->file);

  set_property (exported, limit, options, text);
}

guint64
quilt_live_memory (const char *scope)
{
  g_autofree char *path = g_build_filename (scope, "memory.current", NULL);
  guint64 value;

  return quilt_cgroup_read_number (AT_FDCWD, path, &value) ? value : G_MAXUINT64;
}

/* Reads a key of a file in the scope's cgroup. */
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
