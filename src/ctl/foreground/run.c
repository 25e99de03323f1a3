/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run and create: make a container of an image. An attached run also copies the container's output
 * until it ends. */
#include "ctl/bus.h"
#include "ctl/options/create.h"
#include "ctl/foreground/foreground.h"
#include "ctl/verbs/id-file.h"
#include "ctl/verbs/image.h"
#include "ctl/verbs/limit-warning.h"
#include "ctl/print.h"

#include "base/error.h"
#include "spec/names.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  QuiltForeground foreground; /* first: the callbacks of its call get it */
  const QuiltCreateArgs *create;
  QuiltIdFile *id_file;
} Run;

static const char *
lookup_environment (const char *name)
{
  return g_getenv (name);
}

/* Whether the container was created, but quiltd was killed before it started it. No quiltd will
 * start it, so there is no exit to wait for. */
static gboolean
never_began (const QuiltForeground *foreground)
{
  g_autoptr (GVariant) rows = quilt_bus_list_containers (foreground->ctl, NULL, NULL);
  const char *name, *state;
  GVariantIter iter;

  if (!rows)
    return FALSE;
  g_variant_iter_init (&iter, rows);
  while (g_variant_iter_next (&iter, QUILT_BUS_CONTAINER_ROW, NULL, NULL, &name, NULL, NULL, &state,
                              NULL, NULL, NULL, NULL, NULL, NULL, NULL))
    if (g_str_equal (name, foreground->name))
      return g_str_equal (state, "pending");
  return FALSE;
}

/* Writes the files of --cidfile and --pidfile. */
static gboolean
write_files (QuiltCtl *ctl,
             const QuiltCreateArgs *create,
             QuiltIdFile *id_file,
             const char *id,
             const char *path,
             GError **error)
{
  return quilt_id_file_write (id_file, id, error) &&
         quilt_pid_file_write (ctl, quilt_create_get (create, "pidfile")->text, path, error);
}

static void
on_started (QuiltDbusReply *reply, gpointer data)
{
  Run *run = data;
  QuiltForeground *foreground = &run->foreground;
  g_autoptr (GError) error = NULL;
  const char *path, *id;

  if (reply->error && foreground->name && quilt_bus_error_is_lost (reply->error) &&
      !never_began (foreground)) {
    /* quiltd was killed, for example during a setup step. The container continues, and the next
     * quiltd knows it, or knows that it was never created. */
    quilt_foreground_began (foreground, foreground->name);
    return;
  }
  if (reply->error) {
    quilt_bus_fix_error (&reply->error);
    quilt_create_name_option (run->create, reply->error);
    quilt_foreground_failed (foreground, reply->error);
    return;
  }
  g_variant_get (reply->body, "(&o&s)", &path, &id);
  if (!write_files (foreground->ctl, run->create, run->id_file, id, path, &error))
    quilt_ctl_warn ("%s; the container goes on", error->message);
  quilt_foreground_began (foreground, id);
}

static int
run_attached (QuiltCtl *ctl,
              const char *image,
              const QuiltCreateArgs *create,
              QuiltIdFile *id_file,
              GVariant *options)
{
  Run run = {.create = create, .id_file = id_file};
  QuiltForeground *foreground = &run.foreground;
  g_autoptr (GError) error = NULL;
  GVariantBuilder builder;
  int code;

  quilt_foreground_init (foreground, ctl);
  foreground->name = quilt_create_get (create, "name")->text;
  foreground->interactive = quilt_create_get (create, "interactive")->flag;
  foreground->terminal = quilt_create_get (create, "tty")->flag;
  foreground->auto_remove = quilt_create_get (create, "rm")->flag;
  foreground->has_setup = quilt_create_get (create, "setup")->texts != NULL;
  quilt_create_begin_call (&builder, options);
  if (quilt_foreground_set (foreground, create->detach_keys, create->sig_proxy, &error) &&
      quilt_foreground_open (foreground, &builder, &error) && quilt_bus_connect (ctl, &error)) {
    quilt_foreground_call (foreground, "RunContainer",
                           g_variant_new ("(s@a{sv})", image, g_variant_builder_end (&builder)),
                           "(os)", on_started);
    code = quilt_foreground_run (foreground);
  } else {
    g_variant_builder_clear (&builder);
    code = quilt_ctl_fail (ctl, error);
  }
  quilt_foreground_clear (foreground);
  return code;
}

/* Makes the call without streams. */
static int
call_create (QuiltCtl *ctl,
             const char *method,
             const char *image,
             const QuiltCreateArgs *create,
             QuiltIdFile *id_file,
             GVariant *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = quilt_bus_call_manager (
      ctl, method, g_variant_new ("(s@a{sv})", image, quilt_create_call_options (options)), "(os)",
      &error);
  const char *path, *id;

  if (!reply) {
    quilt_create_name_option (create, error);
    return quilt_ctl_fail (ctl, error);
  }
  g_variant_get (reply, "(&o&s)", &path, &id);
  if (ctl->json == QUILT_JSON_OFF) {
    puts (id);
  } else {
    g_autoptr (json_object) object = json_object_new_object ();

    quilt_json_add_string (object, "id", id);
    quilt_print_json (ctl, object);
  }
  return write_files (ctl, create, id_file, id, path, &error) ? 0 : quilt_ctl_fail (ctl, error);
}

/* --replace: removes the container that has the name, after checking that the new container's image
 * exists. */
static gboolean
make_room (QuiltCtl *ctl, const char *name, const char *image, GError **error)
{
  const char *const names[] = {name, NULL};
  g_autofree char *path = name ? quilt_bus_image_path (ctl, image, error) : NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) failures = NULL;
  GVariantDict options;
  const char *code, *message;

  if (!name) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "Failed to replace a container: --replace needs --name");
    return FALSE;
  }
  if (!path)
    return FALSE;
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "force", "b", TRUE);
  reply = quilt_bus_call_manager (
      ctl, "RemoveContainers", g_variant_new ("(^as@a{sv})", names, g_variant_dict_end (&options)),
      "(a(sss))", error);
  if (!reply)
    return FALSE;
  g_variant_get (reply, "(a(sss))", &failures);
  if (!g_variant_iter_next (failures, "(&s&s&s)", NULL, &code, &message) ||
      g_str_has_suffix (code, ".NotFound"))
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, message);
  return FALSE;
}

/* All checks come before --replace removes a container. */
static int
prepare_and_call (QuiltCtl *ctl, const QuiltCreateArgs *create, char **args, gboolean run)
{
  const char *name = quilt_create_get (create, "name")->text;
  g_auto (QuiltIdFile) id_file = QUILT_ID_FILE_INIT;
  g_autoptr (GVariant) options = NULL;
  g_auto (QuiltLimits) limits = QUILT_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  g_autofree char *image = NULL;
  int code;

  ctl->quiet = quilt_create_get (create, "quiet")->flag;
  options = quilt_create_options (create, args + 1, lookup_environment, &error);
  if (options)
    g_variant_ref_sink (options);
  image = options ? quilt_image_resolve (ctl, args[0], &error) : NULL;
  if (!image ||
      !quilt_id_file_open (&id_file, quilt_create_get (create, "cidfile")->text, &error) ||
      (quilt_create_get (create, "replace")->flag && !make_room (ctl, name, image, &error)))
    return quilt_ctl_fail (ctl, error);
  quilt_limits_ask (&limits, ctl, options);
  if (run && !create->detach)
    return run_attached (ctl, image, create, &id_file, options);
  code =
      call_create (ctl, run ? "RunContainer" : "CreateContainer", image, create, &id_file, options);
  quilt_limits_wait (&limits);
  return code;
}

int
verb_create (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltCreateArgs) create = {0};
  char **args = quilt_create_parse (ctl, argv, FALSE, &create);

  if (!args)
    return ctl->parse_code;
  if (quilt_create_get (&create, "pidfile")->text)
    return quilt_ctl_usage (ctl, "option --pidfile works only with run: a created container has no "
                                 "process yet; after its start, use: quiltctl show -p Pid --value");
  return prepare_and_call (ctl, &create, args, FALSE);
}

int
verb_run (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltCreateArgs) create = {0};
  char **args = quilt_create_parse (ctl, argv, TRUE, &create);
  QuiltCreateValue *name;

  if (!args)
    return ctl->parse_code;
  name = quilt_create_find (&create, "name");
  /* To interrupt setup steps, we need the container's name before RunContainer is answered. So
   * choose a name here. */
  if (quilt_create_get (&create, "setup")->texts && !name->text && !create.detach) {
    g_autofree char *id = quilt_id_new ();

    name->text = g_strdup_printf ("run-%.12s", id);
  }
  return prepare_and_call (ctl, &create, args, TRUE);
}
