/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wait: prints the exit codes of containers when they have ended. */
#include "ctl/bus.h"
#include "ctl/print.h"
#include "ctl/verbs/waiter.h"

#include <stdio.h>

typedef struct {
  QuiltCtl *ctl;
  GMainLoop *loop;
  const char *name;
  int code;
} Wait;

static void
on_ended (int exit_code, const char *reason, const GError *error, gpointer data)
{
  Wait *wait = data;

  if (error) {
    wait->code = quilt_ctl_fail (wait->ctl, error);
  } else if (wait->ctl->json == QUILT_JSON_OFF) {
    printf ("%d\n", exit_code);
  } else {
    g_autoptr (json_object) object = json_object_new_object ();

    quilt_json_add_string (object, "name", wait->name);
    json_object_object_add (object, "exitCode", json_object_new_int (exit_code));
    quilt_json_add_string (object, "reason", reason);
    quilt_print_json (wait->ctl, object);
  }
  fflush (stdout); /* print each as soon as it is known */
  g_main_loop_quit (wait->loop);
}

/* Use the ID from here on, since another container may get the name meanwhile. WaitContainer still
 * accepts the ID of a container that was removed after its only run. */
static char *
resolve (QuiltCtl *ctl, const char *name, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree char *path = quilt_bus_container_path (ctl, name, &cause);
  g_autofree char *id = path ? g_path_get_basename (path) : NULL;

  if (id)
    return g_steal_pointer (&id);
  if (quilt_bus_error_is_lost (cause) || !g_utf8_validate (name, -1, NULL)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  return g_strdup (name);
}

int
verb_wait (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  g_autoptr (GMainLoop) loop = NULL;
  int code = 0;

  if (!args)
    return ctl->parse_code;
  loop = g_main_loop_new (NULL, FALSE);
  for (; *args; args++) {
    Wait wait = {.ctl = ctl, .loop = loop, .name = *args};
    g_autoptr (QuiltWaiter) waiter = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *id = resolve (ctl, *args, &error);

    if (!id) {
      code = quilt_ctl_fail (ctl, error);
      continue;
    }
    waiter = quilt_waiter_new (ctl, id, NULL, on_ended, &wait);
    g_main_loop_run (loop);
    code = MAX (code, wait.code);
  }
  return code;
}
