/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attach and start. */
#include "ctl/bus.h"
#include "ctl/foreground/foreground.h"
#include "ctl/verbs/limit-warning.h"

#include "base/error.h"

#define REPLAY_DEFAULT 10

typedef struct {
  gboolean start; /* the container if it does not run */
  gboolean attach, interactive;
  char *detach_keys, *sig_proxy, *replay;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->detach_keys);
  g_free (options->sig_proxy);
  g_free (options->replay);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
on_attached (QuiltDbusReply *reply, gpointer data)
{
  QuiltForeground *self = data;
  g_autoptr (GVariant) results = NULL;
  gboolean started = FALSE;
  const char *id = NULL;

  if (reply->error && self->has_setup && quilt_bus_error_is_lost (reply->error)) {
    /* quiltd was killed. The next one knows what the start has become. */
    quilt_foreground_untie (self);
    quilt_foreground_began (self, self->name);
    return;
  }
  if (reply->error) {
    quilt_bus_fix_error (&reply->error);
    quilt_foreground_failed (self, reply->error);
    return;
  }
  g_variant_get (reply->body, "(@a{sv})", &results);
  g_variant_lookup (results, "container", "&s", &id);
  g_variant_lookup (results, "started", "b", &started);
  if (started)
    quilt_foreground_untie (self);
  quilt_foreground_began (self, id ? id : self->name);
}

/* The pipes that the container needs depend on whether it has a terminal. From here on it is known
 * by its ID: another may get its name. */
static gboolean
learn_terminal (QuiltForeground *self, char **ret_id, GError **error)
{
  g_autofree char *path = quilt_bus_container_path (self->ctl, self->name, error);
  g_autoptr (GVariant) all =
      path ? quilt_bus_get_all (self->ctl, path, QUILT_BUS_CONTAINER, error) : NULL;

  if (!all)
    return FALSE;
  g_variant_lookup (all, "Terminal", "b", &self->terminal);
  *ret_id = g_path_get_basename (path);
  return TRUE;
}

static gboolean
add_options (const Options *options, GVariantBuilder *builder, GError **error)
{
  guint64 lines = options->start ? 0 : REPLAY_DEFAULT;

  if (options->replay &&
      !g_ascii_string_to_unsigned (options->replay, 10, 0, G_MAXUINT32, &lines, NULL)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read --replay '%s': must be a number of lines", options->replay);
    return FALSE;
  }
  if (options->start)
    g_variant_builder_add (builder, "{sv}", "start", g_variant_new_boolean (TRUE));
  g_variant_builder_add (builder, "{sv}", "replay", g_variant_new_uint64 (lines));
  return TRUE;
}

static int
attach (QuiltCtl *ctl, const char *name, const Options *options)
{
  g_auto (QuiltForeground) self = {0};
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;

  quilt_foreground_init (&self, ctl);
  self.name = name;
  self.interactive = options->interactive;
  self.has_leash = TRUE;
  self.has_setup = options->start;
  if (!quilt_bus_check_text ("container name", name, &error) ||
      !quilt_foreground_set (&self, options->detach_keys, options->sig_proxy, &error) ||
      !add_options (options, &builder, &error) || !learn_terminal (&self, &id, &error) ||
      !quilt_foreground_open (&self, &builder, &error))
    return quilt_ctl_fail (ctl, error);
  quilt_foreground_call (&self, "AttachContainer", g_variant_new ("(sa{sv})", id, &builder),
                         "(a{sv})", on_attached);
  return quilt_foreground_run (&self);
}

int
verb_attach (QuiltCtl *ctl, char **argv)
{
  g_auto (Options) options = {0};
  gboolean no_stdin = FALSE;
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  const GOptionEntry entries[] = {
      {"no-stdin", 0, 0, G_OPTION_ARG_NONE, &no_stdin, "Don't pass stdin on", NULL},
      {"replay", 0, 0, text, &options.replay, "Earlier lines to show first; by default 10",
       "LINES"},
      {"detach-keys", 0, 0, text, &options.detach_keys, "Keys that leave the terminal", "KEYS"},
      {"sig-proxy", 0, 0, text, &options.sig_proxy, "Pass signals on to the container", "BOOL"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);

  if (!args)
    return ctl->parse_code;
  options.interactive = !no_stdin;
  return attach (ctl, args[0], &options);
}

static int
start_all (QuiltCtl *ctl, char **names)
{
  g_auto (QuiltLimits) limits = QUILT_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  int code;

  for (char **name = names; *name; name++)
    if (!quilt_bus_check_text ("container name", *name, &error))
      return quilt_ctl_fail (ctl, error);
  quilt_limits_ask (&limits, ctl, NULL);
  code = quilt_bus_call_bulk (ctl, "StartContainers",
                              g_variant_new ("(^as@a{sv})", names, quilt_bus_no_options ()));
  if (code == 0)
    quilt_limits_warn_containers (&limits, names);
  return code;
}

int
verb_start (QuiltCtl *ctl, char **argv)
{
  g_auto (Options) options = {.start = TRUE};
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  const GOptionEntry entries[] = {
      {"attach", 'a', 0, G_OPTION_ARG_NONE, &options.attach, "Show its output until it ends", NULL},
      {"interactive", 'i', 0, G_OPTION_ARG_NONE, &options.interactive, "Pass stdin on", NULL},
      {"detach-keys", 0, 0, text, &options.detach_keys, "Keys that leave the terminal", "KEYS"},
      {"sig-proxy", 0, 0, text, &options.sig_proxy, "Pass signals on to the container", "BOOL"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);

  if (!args)
    return ctl->parse_code;
  if (!options.attach && !options.interactive)
    return start_all (ctl, args);
  if (args[1])
    return quilt_ctl_usage (ctl, "options --attach and --interactive take one container");
  return attach (ctl, args[0], &options);
}
