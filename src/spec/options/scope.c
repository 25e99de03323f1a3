/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a container's scope: org.freedesktop.systemd1(5) of systemd 252. */
#include "spec/capabilities.h"
#include "spec/id-map.h"
#include "spec/options/devices.h"
#include "spec/options/resources.h"
#include "spec/options/table.h"
#include "spec/options/volume.h"
#include "spec/slice.h"
#include "spec/quantities.h"
#include "spec/signals.h"

#include <string.h>
#include <sys/socket.h>

/* systemd kills when its own timeout passes. Our timeout must pass first, so that the supervisor
 * kills the container, drains its output and records the reason. */
#define STOP_MARGIN_USEC (5 * G_USEC_PER_SEC)

static void
add (GVariantBuilder *builder, const char *name, GVariant *value)
{
  g_variant_builder_add (builder, "(sv)", name, value);
}

static guint64
plus (guint64 value, guint64 more)
{
  return value == QUILT_INFINITY || value > QUILT_INFINITY - 1 - more ? QUILT_INFINITY
                                                                      : value + more;
}

static guint64
swap_max (const QuiltOptions *options)
{
  if (options->memory_swap == QUILT_INFINITY)
    return QUILT_INFINITY;
  /* As in podman, the container gets as much swap as memory. Without a limit, it could use all of
   * the host's swap. */
  return options->memory_swap == 0 ? options->memory_max
                                   : options->memory_swap - options->memory_max;
}

/* Turns an option into a property of the scope. update: the scope is running. Then the property is
 * also set if the option is not, since it may have been set before. */
typedef struct Unit Unit;
typedef void (*Plan) (GVariantBuilder *builder,
                      const Unit *unit,
                      const QuiltOptions *options,
                      gboolean update);

struct Unit {
  const QuiltOption *option;
  const char *name;
  Plan plan;
};

static void
add_number (GVariantBuilder *builder,
            const Unit *unit,
            const QuiltOptions *options,
            gboolean update)
{
  const guint64 *value = quilt_option_member (unit->option, options);

  if (update || *value != unit->option->initial)
    add (builder, unit->name, g_variant_new_uint64 (*value));
}

static void
add_description (GVariantBuilder *builder,
                 const Unit *unit,
                 const QuiltOptions *options,
                 gboolean update)
{
  add (builder, unit->name,
       g_variant_new_printf ("Quilt container %s", options->name ? options->name : ""));
}

static void
add_slice (GVariantBuilder *builder, const Unit *unit, const QuiltOptions *options, gboolean update)
{
  g_autofree char *slice = quilt_slice_unit (options->slice);

  add (builder, unit->name, g_variant_new_string (slice));
}

/* systemd can't change the timeout of a running scope. */
static void
add_stop_timeout (GVariantBuilder *builder,
                  const Unit *unit,
                  const QuiltOptions *options,
                  gboolean update)
{
  if (!update)
    add (builder, unit->name,
         g_variant_new_uint64 (
             plus (MAX (options->stop_timeout_usec, QUILT_LIVE_STOP_TIMEOUT), STOP_MARGIN_USEC)));
}

static void
add_memory (GVariantBuilder *builder,
            const Unit *unit,
            const QuiltOptions *options,
            gboolean update)
{
  add_number (builder, unit, options, update);
  if (update || options->memory_max != QUILT_INFINITY)
    add (builder, "MemorySwapMax", g_variant_new_uint64 (swap_max (options)));
}

/* The supervisor is a task of the scope too, but must not count against the container's limit. "No
 * limit" is always set explicitly, since systemd's default is 15 % of the host's. */
static void
add_tasks (GVariantBuilder *builder, const Unit *unit, const QuiltOptions *options, gboolean update)
{
  add (builder, unit->name, g_variant_new_uint64 (plus (options->pids_max, 1)));
}

/* An empty set means all that the slice has. */
static void
add_set (GVariantBuilder *builder, const Unit *unit, const QuiltOptions *options, gboolean update)
{
  const char *list = *(char *const *)quilt_option_member (unit->option, options);
  g_autoptr (GByteArray) set = list && *list ? quilt_cpu_list_parse (list, NULL) : NULL;

  if (update || set)
    add (builder, unit->name,
         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, set ? set->data : NULL, set ? set->len : 0,
                                    1));
}

/* systemd adds a list to the one in force, and an empty list clears that. So an update needs
 * both. */
static void
add_list (
    GVariantBuilder *builder, const char *name, const char *type, GVariant *list, gboolean update)
{
  if (update)
    add (builder, name, g_variant_new_array (G_VARIANT_TYPE (type), NULL, 0));
  if (g_variant_n_children (list) > 0)
    add (builder, name, list);
  else
    g_variant_unref (g_variant_ref_sink (list)); /* frees a floating list too */
}

/* The option has the same type as the property. */
static void
add_rates (GVariantBuilder *builder, const Unit *unit, const QuiltOptions *options, gboolean update)
{
  GVariant *rates = *(GVariant *const *)quilt_option_member (unit->option, options);

  add_list (builder, unit->name, "(st)",
            rates ? rates : g_variant_new_array (G_VARIANT_TYPE ("(st)"), NULL, 0), update);
}

static void
add_ranges (GVariantBuilder *builder,
            const Unit *unit,
            const QuiltOptions *options,
            gboolean update)
{
  char **ranges = *(char ***)quilt_option_member (unit->option, options);
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("a(iayu)"));
  for (; ranges && *ranges; ranges++) {
    QuiltAddressRange parsed[2];
    guint n = quilt_address_range_parse (*ranges, parsed, NULL);

    for (guint i = 0; i < n; i++)
      g_variant_builder_add (&list, "(i@ayu)", parsed[i].family,
                             g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, parsed[i].address,
                                                        parsed[i].family == AF_INET6 ? 16 : 4, 1),
                             (guint32)parsed[i].prefix);
  }
  add_list (builder, unit->name, "(iayu)", g_variant_builder_end (&list), update);
}

static const Unit units[] = {QUILT_OPTION_UNITS};

/* Adds the options that are set; for an update, every option that can change while the container
 * exists. */
static void
add_units (GVariantBuilder *builder, const QuiltOptions *options, gboolean update)
{
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (!update || units[i].option->live)
      units[i].plan (builder, &units[i], options, update);
}

/* A process with CAP_SYS_ADMIN can remove nodev from a mount. */
static gboolean
has_nodes_of_volumes (const QuiltOptions *options)
{
  guint64 admin = quilt_capability_from_name ("CAP_SYS_ADMIN"), mask;

  return quilt_entries_count (options->volumes) > 0 &&
         (!quilt_options_get_capabilities (options, &mask, NULL) || (mask & admin) ||
          quilt_volumes_have_nodes (options->volumes));
}

/* Whether the container can't make device nodes, and its only nodes are those in the /dev that we
 * make. In a user namespace, the kernel forbids making nodes. */
static gboolean
has_no_other_nodes (const QuiltOptions *options, const GArray *devices)
{
  return options->userns && strcmp (options->userns, QUILT_USERNS_HOST) != 0 &&
         (!devices || devices->len == 0) && !has_nodes_of_volumes (options);
}

/* A container can open only the usual nodes (systemd's "closed" allows the same) and those that it
 * was given, even if it gets hold of others. The rule uses device numbers, since a path may change.
 * A policy is a BPF program, which takes systemd some 1.2 ms, so it is set only for containers that
 * could get other nodes. */
static void
add_devices (GVariantBuilder *builder, const QuiltOptions *options, const GArray *devices)
{
  GVariantBuilder list;

  if (options->privileged || has_no_other_nodes (options, devices))
    return;
  g_variant_builder_init (&list, G_VARIANT_TYPE ("a(ss)"));
  for (guint i = 0; devices && i < devices->len; i++) {
    const QuiltDevice *device = &g_array_index (devices, QuiltDevice, i);
    g_autofree char *path = g_strdup_printf (
        "/dev/%s/%u:%u", device->type == 'b' ? "block" : "char", device->major, device->minor);
    /* The supervisor makes the node, and is in the scope too. */
    g_autofree char *access =
        g_strconcat (device->access, strchr (device->access, 'm') ? "" : "m", NULL);

    g_variant_builder_add (&list, "(ss)", path, access);
  }
  add (builder, "DevicePolicy", g_variant_new_string ("closed"));
  add_list (builder, "DeviceAllow", "(ss)", g_variant_builder_end (&list), FALSE);
}

GVariant *
quilt_options_scope_properties (const QuiltOptions *options,
                                const GArray *devices,
                                guint32 pid,
                                const char *controller)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sv)"));
  add (&builder, "PIDs", g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, &pid, 1, sizeof pid));
  /* Delegate also sets OOMPolicy "continue": the supervisor must survive an OOM kill to report it.
   * We don't set OOMPolicy itself, since scopes have it only since 252.5. */
  add (&builder, "Delegate", g_variant_new_boolean (TRUE));
  add (&builder, "Controller", g_variant_new_string (controller));
  /* "mixed" would kill at once, since a scope has no main process that SIGTERM could go to. */
  add (&builder, "KillMode", g_variant_new_string ("control-group"));
  add (&builder, "KillSignal", g_variant_new_int32 (QUILT_SCOPE_KILL_SIGNAL));
  add (&builder, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  add (&builder, "MemoryAccounting", g_variant_new_boolean (TRUE));
  add (&builder, "CPUAccounting", g_variant_new_boolean (TRUE));
  add (&builder, "TasksAccounting", g_variant_new_boolean (TRUE));
  add (&builder, "IOAccounting", g_variant_new_boolean (TRUE));
  add_devices (&builder, options, devices);
  add_units (&builder, options, FALSE);
  return g_variant_builder_end (&builder);
}

/* Whether systemd changes the property of a scope that exists. */
static gboolean
is_changeable (const char *name)
{
  static const char *const others[] = {"Description", "MemorySwapMax", "DevicePolicy",
                                       "DeviceAllow", NULL};

  if (g_strv_contains (others, name))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (units[i].option->live && units[i].plan != add_stop_timeout &&
        strcmp (units[i].name, name) == 0)
      return TRUE;
  return FALSE;
}

/* Returns NULL if there is no such property. */
static GVariant *
find_property (GVariant *properties, const char *name)
{
  for (gsize i = 0; i < g_variant_n_children (properties); i++) {
    g_autoptr (GVariant) value = NULL;
    const char *key;

    g_variant_get_child (properties, i, "(&sv)", &key, &value);
    if (strcmp (key, name) == 0)
      return g_steal_pointer (&value);
  }
  return NULL;
}

/* Whether each property of before is also one of after. */
static gboolean
has_all (GVariant *after, GVariant *before)
{
  for (gsize i = 0; i < g_variant_n_children (before); i++) {
    g_autoptr (GVariant) value = NULL;
    const char *name;

    g_variant_get_child (before, i, "(&sv)", &name, NULL);
    value = find_property (after, name);
    if (!value)
      return FALSE;
  }
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const char *names[2];

  g_variant_get_child (*(GVariant *const *)a, 0, "&s", &names[0]);
  g_variant_get_child (*(GVariant *const *)b, 0, "&s", &names[1]);
  return strcmp (names[0], names[1]);
}

/* systemd writes a file for each property. If it wrote them in another order than that of their
 * names, it would say that the unit's files have changed, and that it should be reloaded. */
GVariant *
quilt_options_scope_changes (GVariant *before, GVariant *after)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  if (!has_all (after, before))
    return NULL;
  for (gsize i = 0; i < g_variant_n_children (after); i++) {
    g_autoptr (GVariant) property = g_variant_get_child_value (after, i);
    g_autoptr (GVariant) value = NULL;
    g_autoptr (GVariant) old = NULL;
    const char *name;

    g_variant_get (property, "(&sv)", &name, &value);
    old = find_property (before, name);
    if (strcmp (name, "PIDs") == 0 || (old && g_variant_equal (old, value)))
      continue;
    if (!is_changeable (name))
      return NULL;
    g_ptr_array_add (changes, g_steal_pointer (&property));
  }
  g_ptr_array_sort (changes, compare_names);
  return g_variant_new_array (G_VARIANT_TYPE ("(sv)"), (GVariant *const *)changes->pdata,
                              changes->len);
}

static gboolean
filters_addresses (const QuiltOptions *options)
{
  return (options->ip_allow && *options->ip_allow) || (options->ip_deny && *options->ip_deny);
}

GVariant *
quilt_options_limit_properties (const QuiltOptions *options, const QuiltOptions *before)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sv)"));
  add_units (&builder, options, TRUE);
  /* systemd (at least 252) leaves its packet filter in place when no limit needs it any more.
   * Counting packets replaces it with a filter that passes all packets. */
  if (filters_addresses (before) && !filters_addresses (options))
    add (&builder, "IPAccounting", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&builder);
}
