/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which properties a container's scope gets: org.freedesktop.systemd1(5) of systemd 252. */
#include "spec/options.h"

/* systemd kills when its timeout runs out; ours has to run out first, so that the supervisor is the
 * one who kills, drains the output and says why. */
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

/* Those that are set, or all. */
static void
add_limits (GVariantBuilder *builder, const QuiltOptions *options, gboolean all)
{
  if (all || options->memory_max != QUILT_INFINITY) {
    add (builder, "MemoryMax", g_variant_new_uint64 (options->memory_max));
    /* As podman: as much swap again. Without it a memory hog would take all of the host's. */
    add (builder, "MemorySwapMax", g_variant_new_uint64 (options->memory_max));
  }
  if (all || options->cpu_quota_usec != QUILT_INFINITY)
    add (builder, "CPUQuotaPerSecUSec", g_variant_new_uint64 (options->cpu_quota_usec));
  /* The supervisor is a task of the scope too. It is ours, so the container must not pay for it.
   * "No limit" is always said: systemd's own default is 15 % of the host's. */
  add (builder, "TasksMax", g_variant_new_uint64 (plus (options->pids_max, 1)));
}

GVariant *
quilt_options_scope_properties (const QuiltOptions *options, guint32 pid, const char *controller)
{
  g_autofree char *description =
      g_strdup_printf ("Quilt container %s", options->name ? options->name : "");
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sv)"));
  add (&builder, "Description", g_variant_new_string (description));
  add (&builder, "Slice", g_variant_new_string ("quilt.slice"));
  add (&builder, "PIDs", g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, &pid, 1, sizeof pid));
  /* Delegate also makes OOMPolicy "continue": the supervisor has to survive an OOM kill to report
   * it. It isn't set by name, since scopes have it only since 252.5. */
  add (&builder, "Delegate", g_variant_new_boolean (TRUE));
  add (&builder, "Controller", g_variant_new_string (controller));
  /* "mixed" would kill at once: a scope has no main process to send SIGTERM to. */
  add (&builder, "KillMode", g_variant_new_string ("control-group"));
  add (&builder, "TimeoutStopUSec",
       g_variant_new_uint64 (plus (options->stop_timeout_usec, STOP_MARGIN_USEC)));
  add (&builder, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  add (&builder, "MemoryAccounting", g_variant_new_boolean (TRUE));
  add (&builder, "CPUAccounting", g_variant_new_boolean (TRUE));
  add (&builder, "TasksAccounting", g_variant_new_boolean (TRUE));
  add (&builder, "IOAccounting", g_variant_new_boolean (TRUE));
  add_limits (&builder, options, FALSE);
  return g_variant_builder_end (&builder);
}

GVariant *
quilt_options_limit_properties (const QuiltOptions *options)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sv)"));
  add_limits (&builder, options, TRUE);
  return g_variant_builder_end (&builder);
}
