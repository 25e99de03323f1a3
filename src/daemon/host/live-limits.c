/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows a container's options and its use of resources as properties. See
 * Documentation/admin-guide/cgroup-v2.rst. */
#include "daemon/host/live-limits.h"

#include "cgroup/file.h"
#include "daemon/host/limit-value.h"
#include "spec/options/table.h"

#include <fcntl.h>
#include <string.h>

/* A property of a container's object that shows an option. */
typedef struct {
  const QuiltOption *option;
  const char *name;    /* on D-Bus */
  const char *gobject; /* GObject's name of the property */
  /* file of the cgroup with the value in force; NULL: the property shows the option */
  const char *file;
  QuiltLimitKind kind; /* of that file */
} Property;

static const Property properties[] = {QUILT_OPTION_PROPERTIES};

/* text: the kernel's value of a limit, or NULL. */
static void
set_property (QuiltBusContainer *iface,
              const Property *property,
              const QuiltOptions *options,
              const char *text)
{
  gpointer value = quilt_option_member (property->option, options);
  const char *string;

  switch (property->option->type) {
  case QUILT_OPTION_STRING:
    string = *(char **)value;
    g_object_set (iface, property->gobject, string ? string : "", NULL);
    return;
  case QUILT_OPTION_UINT64:
    g_object_set (iface, property->gobject,
                  quilt_limit_value_parse (property->kind, text, *(guint64 *)value), NULL);
    return;
  case QUILT_OPTION_INT32:
    g_object_set (iface, property->gobject, (int)*(gint64 *)value, NULL);
    return;
  case QUILT_OPTION_BOOLEAN:
    g_object_set (iface, property->gobject, *(gboolean *)value, NULL);
    return;
  default: /* generate refuses options of other types */
    g_return_if_reached ();
  }
}

void
quilt_live_limits_set (QuiltBusContainer *iface, const QuiltOptions *options)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    set_property (iface, &properties[i], options, NULL);
}

static const Property *
find_limit (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    if (properties[i].file && strcmp (properties[i].name, name) == 0)
      return &properties[i];
  return NULL;
}

gboolean
quilt_live_limits_has (const char *name)
{
  return find_limit (name) != NULL;
}

void
quilt_live_limits_set_one (QuiltBusContainer *iface,
                           const QuiltOptions *options,
                           const char *scope,
                           const char *name)
{
  const Property *property = find_limit (name);
  g_autofree char *text = quilt_cgroup_read_in (scope, property->file);

  set_property (iface, property, options, text);
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
