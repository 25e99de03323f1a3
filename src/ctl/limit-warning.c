/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits that the host can't enforce. */
#include "ctl/limit-warning.h"

#include "ctl/bus.h"
#include "spec/controllers.h"

/* The controllers, with blanks between them; NULL: quiltd does not say. Owned by the caller. */
static char *
get_controllers (QuiltCtl *ctl)
{
  g_autoptr (GVariant) properties =
      quilt_bus_get_all (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, NULL);
  g_autofree const char **names = NULL;

  if (!properties || !g_variant_lookup (properties, "Controllers", "^a&s", &names))
    return NULL;
  return g_strjoinv (" ", (char **)names);
}

void
quilt_limits_warn (QuiltCtl *ctl, GVariant *options)
{
  g_autoptr (QuiltOptions) asked = quilt_options_from_variant (options, NULL);
  g_autoptr (QuiltOptions) defaults = quilt_options_new ();
  g_autofree char *needed = asked && !asked->strict_limits
                                ? quilt_options_missing_controllers (asked, defaults, "")
                                : NULL;
  g_autofree char *have = needed ? get_controllers (ctl) : NULL;
  g_autofree char *missing =
      have ? quilt_options_missing_controllers (asked, defaults, have) : NULL;

  if (missing)
    quilt_ctl_warn ("Some limits are not in force, since this host lacks cgroup controllers: %s; "
                    "see quiltctl doctor, and --strict-limits",
                    missing);
}
