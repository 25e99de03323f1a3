/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Warns about limits that the host can't enforce. */
#include "ctl/verbs/limit-warning.h"

#include "ctl/bus.h"
#include "spec/options/arguments.h"
#include "spec/options/controllers.h"

#include <string.h>

/* The host's controllers, separated by blanks; NULL if quiltd does not tell. Owned by the
 * caller. */
static char *
get_controllers (GVariant *properties)
{
  g_autofree const char **names = NULL;

  if (!properties || !g_variant_lookup (properties, "Controllers", "^a&s", &names))
    return NULL;
  return g_strjoinv (" ", (char **)names);
}

/* "--NAME" of the option that sets this key. Owned by the caller. */
static char *
name_key (const char *key)
{
  for (const QuiltArgument *argument = quilt_arguments; argument->name; argument++)
    if (argument->option && strcmp (argument->option->key, key) == 0)
      return g_strconcat ("--", argument->name, NULL);
  return g_strdup (key);
}

char *
quilt_limits_name_options (const char *missing)
{
  g_auto (GStrv) limits = g_strsplit (missing, ", ", -1);

  for (char **limit = limits; *limit; limit++) {
    const gsize length = strcspn (*limit, " ");
    g_autofree char *old = *limit;
    g_autofree char *key = g_strndup (old, length);
    g_autofree char *name = name_key (key);

    *limit = g_strconcat (name, old + length, NULL);
  }
  return g_strjoinv (", ", limits);
}

/* Adds the controllers for the default limits of quiltd.conf, except those that options
 * override. */
static void
add_defaults (GString *missing, GVariant *options, GVariant *properties)
{
  g_autofree const char **defaults = NULL;

  if (!g_variant_lookup (properties, "DefaultLimitsNotInForce", "^a&s", &defaults))
    return;
  for (const char **limit = defaults; *limit; limit++) {
    g_autofree char *key = g_strndup (*limit, strcspn (*limit, " "));
    g_autoptr (GVariant) given = g_variant_lookup_value (options, key, NULL);

    if (!given)
      g_string_append_printf (missing, "%s%s", missing->len ? ", " : "", *limit);
  }
}

static void
warn (GVariant *options, GVariant *properties, gboolean with_defaults)
{
  g_autoptr (QuiltOptions) asked = quilt_options_from_variant (options, NULL);
  g_autoptr (QuiltOptions) unlimited = quilt_options_new ();
  g_autofree char *have = get_controllers (properties);
  g_autoptr (GString) missing = g_string_new (NULL);
  g_autofree char *own = NULL;
  g_autofree char *named = NULL;

  if (!asked || asked->strict_limits || !have)
    return; /* quiltd refuses the call, or is too old to have it */
  own = quilt_options_missing_controllers (asked, unlimited, have);
  g_string_append (missing, own ? own : "");
  if (with_defaults)
    add_defaults (missing, options, properties);
  named = quilt_limits_name_options (missing->str);
  if (missing->len)
    quilt_ctl_warn ("Some limits are not in force, since this host lacks cgroup controllers: %s; "
                    "see quiltctl doctor, and --strict-limits",
                    named);
}

static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  QuiltLimits *limits = data;

  limits->is_answered = TRUE;
  if (!reply->body)
    return; /* the next call fails in the same way, and reports it */
  g_variant_get (reply->body, "(@a{sv})", &limits->properties);
  if (limits->options)
    warn (limits->options, limits->properties, TRUE);
}

void
quilt_limits_ask (QuiltLimits *limits, QuiltCtl *ctl, GVariant *options)
{
  QuiltDbusCall call;

  limits->ctl = ctl;
  limits->options = options;
  limits->is_answered = !quilt_bus_connect (ctl, NULL);
  if (limits->is_answered)
    return;
  call = quilt_bus_make_call (ctl, QUILT_BUS_PATH, QUILT_BUS_PROPERTIES, "GetAll",
                              g_variant_new ("(s)", QUILT_BUS_MANAGER), "(a{sv})");
  quilt_dbus_call (ctl->connection, &call, on_answer, limits, &limits->pending);
}

void
quilt_limits_wait (QuiltLimits *limits)
{
  while (!limits->is_answered)
    g_main_context_iteration (NULL, TRUE);
}

void
quilt_limits_clear (QuiltLimits *limits)
{
  quilt_dbus_pending_clear (&limits->pending);
  g_clear_pointer (&limits->properties, g_variant_unref);
}

void
quilt_limits_warn_containers (QuiltLimits *limits, char **names)
{
  g_autofree char *have = NULL;

  quilt_limits_wait (limits);
  have = get_controllers (limits->properties);
  if (!have || quilt_controllers_are_all (have))
    return;
  for (; *names; names++) {
    g_autofree char *path = quilt_bus_container_path (limits->ctl, *names, NULL);
    g_autoptr (GVariant) properties =
        path ? quilt_bus_get_all (limits->ctl, path, QUILT_BUS_CONTAINER, NULL) : NULL;
    const char *missing;

    if (properties && g_variant_lookup (properties, "LimitsNotInForce", "&s", &missing) &&
        *missing) {
      g_autofree char *named = quilt_limits_name_options (missing);

      quilt_ctl_warn ("Container %s runs without some of its limits, since this host lacks cgroup "
                      "controllers: %s; see quiltctl doctor",
                      *names, named);
    }
  }
}

void
quilt_limits_warn_update (QuiltCtl *ctl, GVariant *options)
{
  g_autoptr (QuiltOptions) asked = quilt_options_from_variant (options, NULL);
  g_autoptr (QuiltOptions) unlimited = quilt_options_new ();
  g_autofree char *needed = asked ? quilt_options_missing_controllers (asked, unlimited, "") : NULL;
  g_autoptr (GVariant) properties =
      needed ? quilt_bus_get_all (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, NULL) : NULL;

  warn (options, properties, FALSE);
}
