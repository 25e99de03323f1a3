/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* start, stop, kill, remove, rename, update: verbs that change containers. */
#include "ctl/bus.h"
#include "ctl/create.h"

#include "spec/words.h"

#include <signal.h>
#include <stdio.h>

/* The names that go into a call, all of them UTF-8. */
static gboolean
check_names (QuiltCtl *ctl, char **names)
{
  g_autoptr (GError) error = NULL;

  for (; *names; names++)
    if (!quilt_bus_check_text ("container name", *names, &error)) {
      ctl->parse_code = quilt_ctl_fail (ctl, error);
      return FALSE;
    }
  return TRUE;
}

int
verb_start (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);

  if (!args || !check_names (ctl, args))
    return ctl->parse_code;
  return quilt_bus_call_bulk (ctl, "StartContainers",
                              g_variant_new ("(^as@a{sv})", args, quilt_bus_no_options ()));
}

int
verb_stop (QuiltCtl *ctl, char **argv)
{
  g_autofree char *timeout = NULL;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {{"timeout", 't', 0, G_OPTION_ARG_FILENAME, &timeout,
                                   "Time until SIGKILL, in place of its own", "TIME"},
                                  {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  GVariantBuilder options;
  guint64 usec;

  if (!args || !check_names (ctl, args))
    return ctl->parse_code;
  if (timeout && !quilt_parse_duration (timeout, &usec, &error))
    return quilt_ctl_fail (ctl, error);
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (timeout)
    g_variant_builder_add (&options, "{sv}", "timeout", g_variant_new_uint64 (usec));
  return quilt_bus_call_bulk (ctl, "StopContainers", g_variant_new ("(^asa{sv})", args, &options));
}

int
verb_kill (QuiltCtl *ctl, char **argv)
{
  g_autofree char *signal = NULL;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
      {"signal", 's', 0, G_OPTION_ARG_FILENAME, &signal, "Signal in place of SIGKILL", "SIGNAL"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  int signum = SIGKILL;

  if (!args || !check_names (ctl, args))
    return ctl->parse_code;
  if (signal && !quilt_parse_signal (signal, &signum, &error))
    return quilt_ctl_fail (ctl, error);
  return quilt_bus_call_bulk (
      ctl, "KillContainers", g_variant_new ("(^asi@a{sv})", args, signum, quilt_bus_no_options ()));
}

int
verb_remove (QuiltCtl *ctl, char **argv)
{
  gboolean force = FALSE;
  const GOptionEntry entries[] = {
      {"force", 'f', 0, G_OPTION_ARG_NONE, &force, "Kill it first if it runs", NULL}, {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  GVariantBuilder options;

  if (!args || !check_names (ctl, args))
    return ctl->parse_code;
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (force)
    g_variant_builder_add (&options, "{sv}", "force", g_variant_new_boolean (TRUE));
  return quilt_bus_call_bulk (ctl, "RemoveContainers",
                              g_variant_new ("(^asa{sv})", args, &options));
}

/* A method of one container. args is consumed. */
static gboolean
call_container (QuiltCtl *ctl, const char *name, const char *method, GVariant *args, GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (args);
  g_autofree char *path = quilt_bus_container_path (ctl, name, error);
  g_autoptr (GVariant) reply = NULL;

  if (!path)
    return FALSE;
  reply = quilt_bus_call (ctl, path, QUILT_BUS_CONTAINER, method, owned, "()", error);
  return reply != NULL;
}

int
verb_rename (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  g_autoptr (GError) error = NULL;

  if (!args)
    return ctl->parse_code;
  if (!quilt_bus_check_text ("container name", args[1], &error) ||
      !call_container (ctl, args[0], "Rename",
                       g_variant_new ("(s@a{sv})", args[1], quilt_bus_no_options ()), &error))
    return quilt_ctl_fail (ctl, error);
  return 0;
}

int
verb_update (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltCreateArgs) limits = {0};
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  char **args = quilt_create_parse_live (ctl, argv, &limits);
  int code = 0;

  if (!args || !check_names (ctl, args))
    return ctl->parse_code;
  options = quilt_create_options (&limits, NULL, NULL, &error);
  if (!options)
    return quilt_ctl_fail (ctl, error);
  g_variant_ref_sink (options);
  if (g_variant_n_children (options) == 0)
    return quilt_ctl_usage (ctl, "nothing to change; see quiltctl update --help");
  for (; *args; args++)
    if (!call_container (ctl, *args, "Update", g_variant_new ("(@a{sv})", options), &error)) {
      quilt_create_name_option (&limits, error);
      code = quilt_ctl_fail (ctl, error);
      g_clear_error (&error);
    }
  return code;
}
