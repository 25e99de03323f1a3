/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stop, restart, kill, remove, rename, update: verbs that change containers. */
#include "ctl/bus.h"
#include "ctl/options/create.h"
#include "ctl/verbs/limit-warning.h"

#include "spec/quantities.h"
#include "spec/signals.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Whether all names for a call are UTF-8. */
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

/* The containers for --all: those of the user, or of all users for root; only running ones, or
 * any. */
static char **
list_names (QuiltCtl *ctl, gboolean running_only, GError **error)
{
  static const char *const alive[] = {"running", "paused", "setting-up", "stopping", NULL};
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GVariant) rows = quilt_bus_list_containers (ctl, NULL, error);
  const char *id, *state;
  GVariantIter iter;
  guint32 owner;

  if (!rows)
    return NULL;
  g_variant_iter_init (&iter, rows);
  while (g_variant_iter_next (&iter, QUILT_BUS_CONTAINER_ROW, NULL, &id, NULL, NULL, NULL, &state,
                              NULL, NULL, NULL, NULL, NULL, &owner, NULL))
    if ((getuid () == 0 || owner == getuid ()) && (!running_only || g_strv_contains (alive, state)))
      g_strv_builder_add (names, id);
  return g_strv_builder_end (names);
}

/* The arguments of a verb, or with --all the matching names. Owned by the caller. Returns NULL if a
 * mistake was reported. */
static char **
get_names (QuiltCtl *ctl, char **args, gboolean all, gboolean running_only)
{
  g_autoptr (GError) error = NULL;
  char **names;

  if (!args)
    return NULL;
  if ((args[0] == NULL) != all) {
    ctl->parse_code = quilt_ctl_usage (ctl,
                                       "'%s' takes either NAME... or --all; see quiltctl %s "
                                       "--help",
                                       ctl->verb->name, ctl->verb->name);
    return NULL;
  }
  if (!all)
    return check_names (ctl, args) ? g_strdupv (args) : NULL;
  names = list_names (ctl, running_only, &error);
  if (!names)
    ctl->parse_code = quilt_ctl_fail (ctl, error);
  return names;
}

#define ALL_ENTRY(all)                                                                             \
  {                                                                                                \
    "all", 'a', 0, G_OPTION_ARG_NONE, &(all), "All your containers; as root, all users'", NULL     \
  }

typedef struct {
  gboolean all, force;
  char *timeout;
} Manage;

static void
manage_clear (Manage *manage)
{
  g_free (manage->timeout);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Manage, manage_clear)

/* Calls a bulk method that has the option "timeout". */
static int
call_with_timeout (QuiltCtl *ctl, char **argv, const char *method, gboolean running_only)
{
  g_auto (Manage) manage = {0};
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  const GOptionEntry entries[] = {
      ALL_ENTRY (manage.all),
      {"timeout", 't', 0, text, &manage.timeout, "Time to SIGKILL, instead of its own", "TIME"},
      {"time", 0, 0, text, &manage.timeout, "The same", "TIME"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_auto (GStrv) names = get_names (ctl, args, manage.all, running_only);
  g_autoptr (GError) error = NULL;
  GVariantDict options;
  guint64 usec;

  if (!names)
    return ctl->parse_code;
  if (manage.timeout && !quilt_parse_duration (manage.timeout, &usec, &error))
    return quilt_ctl_fail (ctl, error);
  g_variant_dict_init (&options, NULL);
  if (manage.timeout)
    g_variant_dict_insert (&options, "timeout", "t", usec);
  return quilt_bus_call_bulk (ctl, method,
                              g_variant_new ("(^as@a{sv})", names, g_variant_dict_end (&options)));
}

int
verb_stop (QuiltCtl *ctl, char **argv)
{
  return call_with_timeout (ctl, argv, "StopContainers", TRUE);
}

int
verb_restart (QuiltCtl *ctl, char **argv)
{
  return call_with_timeout (ctl, argv, "RestartContainers", FALSE);
}

/* Converts "-9" and "-TERM" of kill(1) to "--signal=9". Owned by the caller; new strings live for
 * ever. */
static char **
spell_signals (char **argv)
{
  char **words = g_memdup2 (argv, (g_strv_length (argv) + 1) * sizeof *argv);
  int signum;

  for (char **word = words + 1; words[0] && *word && strcmp (*word, "--") != 0; word++)
    if ((*word)[0] == '-' && (*word)[1] && quilt_parse_signal (*word + 1, &signum, NULL)) {
      g_autofree char *option = g_strconcat ("--signal=", *word + 1, NULL);

      *word = (char *)g_intern_string (option);
    }
  return words;
}

/* kill --session */
static int
kill_session (QuiltCtl *ctl, char **names, const char *session, int signum)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  if (!names[0] || names[1])
    return quilt_ctl_usage (ctl, "option --session needs the name of one container");
  if (quilt_bus_check_text ("session", session, &error))
    reply = quilt_bus_call_manager (
        ctl, "KillSession",
        g_variant_new ("(ssi@a{sv})", names[0], session, signum, quilt_bus_no_options ()), "()",
        &error);
  return reply ? 0 : quilt_ctl_fail (ctl, error);
}

int
verb_kill (QuiltCtl *ctl, char **argv)
{
  g_autofree char **words = spell_signals (argv);
  g_autofree char *signal = NULL;
  g_autofree char *session = NULL;
  g_autoptr (GError) error = NULL;
  gboolean all = FALSE;
  const GOptionEntry entries[] = {
      ALL_ENTRY (all),
      {"signal", 's', 0, G_OPTION_ARG_FILENAME, &signal, "Signal to send instead of SIGKILL",
       "SIGNAL"},
      {"session", 0, 0, G_OPTION_ARG_FILENAME, &session, "Only this session of exec", "ID"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, words, entries);
  g_auto (GStrv) names = get_names (ctl, args, all, TRUE);
  int signum = SIGKILL;

  if (!names)
    return ctl->parse_code;
  if (signal && !quilt_parse_signal (signal, &signum, &error))
    return quilt_ctl_fail (ctl, error);
  if (session)
    return kill_session (ctl, names, session, signum);
  return quilt_bus_call_bulk (
      ctl, "KillContainers",
      g_variant_new ("(^asi@a{sv})", names, signum, quilt_bus_no_options ()));
}

int
verb_remove (QuiltCtl *ctl, char **argv)
{
  g_auto (Manage) manage = {0};
  const GOptionEntry entries[] = {
      ALL_ENTRY (manage.all),
      {"force", 'f', 0, G_OPTION_ARG_NONE, &manage.force, "Kill it first if it runs", NULL},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_auto (GStrv) names = get_names (ctl, args, manage.all, FALSE);
  GVariantDict options;

  if (!names)
    return ctl->parse_code;
  g_variant_dict_init (&options, NULL);
  if (manage.force)
    g_variant_dict_insert (&options, "force", "b", TRUE);
  return quilt_bus_call_bulk (ctl, "RemoveContainers",
                              g_variant_new ("(^as@a{sv})", names, g_variant_dict_end (&options)));
}

/* Calls a method of one container. Consumes args. */
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
    if (!call_container (ctl, *args, "Update",
                         g_variant_new ("(@a{sv})", quilt_create_call_options (options)), &error)) {
      quilt_create_name_option (&limits, error);
      code = quilt_ctl_fail (ctl, error);
      g_clear_error (&error);
    }
  if (code == 0)
    quilt_limits_warn_update (ctl, options);
  return code;
}
