/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Manager: the handlers of its methods. */
#include "daemon/manager.h"

#include <config.h> /* of the build: "config.h" would be daemon/config.h */

#include "daemon/bus/admission.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/managed-objects.h"
#include "daemon/containers/container.h"
#include "daemon/containers/attach.h"
#include "daemon/containers/create.h"
#include "daemon/containers/list.h"
#include "daemon/containers/verbs.h"
#include "daemon/helpers/doctor.h"
#include "daemon/host/limits.h"
#include "daemon/images/image.h"
#include "daemon/images/import.h"
#include "daemon/images/list.h"
#include "daemon/images/prune.h"
#include "daemon/images/remove.h"
#include "daemon/look/changes.h"
#include "daemon/look/processes.h"
#include "daemon/look/verify.h"
#include "daemon/sessions/commit.h"
#include "daemon/sessions/methods.h"
#include "dbus/quilt-bus.h"
#include "dbus/server/args.h"
#include "systemd/cgroup.h"

struct QuiltManager {
  QuiltDaemon *daemon;
  QuiltExport *exported;
  gboolean (*reload) (gpointer data, GError **error);
  gpointer reload_data;
};

void
quilt_manager_look_for_limits (QuiltManager *self)
{
  g_autofree char *text = quilt_cgroup_controllers ();
  g_auto (GStrv) names = g_strsplit_set (g_strstrip (text), " \n", -1);
  g_autofree char *missing = quilt_host_limits_missing_defaults (&self->daemon->config->defaults);
  g_auto (GStrv) defaults = g_strsplit (missing ? missing : "", ", ", -1);

  quilt_export_set (self->exported, QUILT_BUS_MANAGER_CONTROLLERS,
                    g_variant_new_strv ((const char *const *)names, -1));
  quilt_export_set (self->exported, QUILT_BUS_MANAGER_DEFAULT_LIMITS_NOT_IN_FORCE,
                    g_variant_new_strv ((const char *const *)defaults, -1));
}

static void
handle_create_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_create_container (self->daemon->containers, call, quilt_args_get_text (args, 0), options);
}

static void
handle_run_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_run_container (self->daemon->containers, call, quilt_args_get_text (args, 0), options);
}

static void
handle_get_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GError) error = NULL;
  const QuiltContainer *found =
      quilt_containers_find (self->daemon->containers, quilt_args_get_text (args, 0), &error);

  if (found)
    quilt_call_return (call, g_variant_new ("(o)", quilt_container_get_path (found)));
  else
    quilt_bus_error_return (call, error);
}

static void
handle_get_managed_objects (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;

  quilt_managed_objects_answer (quilt_hub_get_managed_objects (self->daemon->hub), call,
                                quilt_admission_get_uid (call));
}

static void
handle_list_containers (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_list_containers (self->daemon->containers, call, options);
}

/* Of a method whose arguments are names and options. */
static void
verb_on_many (QuiltCall *call, GVariant *args, QuiltManager *self, QuiltVerbKind kind)
{
  g_autofree const char **names = quilt_args_get_texts (args, 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_verb_on_many (self->daemon->containers, call, kind, names, 0, options);
}

static void
handle_start_containers (QuiltCall *call, GVariant *args, gpointer data)
{
  verb_on_many (call, args, data, QUILT_VERB_START);
}

static void
handle_stop_containers (QuiltCall *call, GVariant *args, gpointer data)
{
  verb_on_many (call, args, data, QUILT_VERB_STOP);
}

static void
handle_restart_containers (QuiltCall *call, GVariant *args, gpointer data)
{
  verb_on_many (call, args, data, QUILT_VERB_RESTART);
}

static void
handle_kill_containers (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autofree const char **names = quilt_args_get_texts (args, 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);
  gint32 signal;

  g_variant_get_child (args, 1, "i", &signal);
  quilt_verb_on_many (self->daemon->containers, call, QUILT_VERB_KILL, names, signal, options);
}

static void
handle_remove_containers (QuiltCall *call, GVariant *args, gpointer data)
{
  verb_on_many (call, args, data, QUILT_VERB_REMOVE);
}

static void
handle_wait_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_verb_on_one (self->daemon->containers, call, QUILT_VERB_WAIT, quilt_args_get_text (args, 0),
                     0, options);
}

static void
handle_exec_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) command = g_variant_get_child_value (args, 1);
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);

  quilt_session_exec (self->daemon->sessions, call, quilt_args_get_text (args, 0), command,
                      options);
}

static void
handle_attach_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_attach_container (self->daemon->containers, call, quilt_args_get_text (args, 0), options);
}

static void
handle_resize_terminal (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 3);
  guint32 columns, rows;

  g_variant_get_child (args, 1, "u", &columns);
  g_variant_get_child (args, 2, "u", &rows);
  quilt_resize_terminal (self->daemon->containers, call, quilt_args_get_text (args, 0), columns,
                         rows, options);
}

static void
copy (QuiltManager *self, QuiltCall *call, QuiltCopyOperation operation, GVariant *args)
{
  g_autoptr (GVariant) path = g_variant_get_child_value (args, 1);
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 3);
  gint32 pipe;

  g_variant_get_child (args, 2, "h", &pipe);
  quilt_session_copy (self->daemon->sessions, call, operation, quilt_args_get_text (args, 0), path,
                      pipe, options);
}

static void
handle_copy_from_container (QuiltCall *call, GVariant *args, gpointer data)
{
  copy (data, call, QUILT_COPY_FROM, args);
}

static void
handle_copy_to_container (QuiltCall *call, GVariant *args, gpointer data)
{
  copy (data, call, QUILT_COPY_TO, args);
}

static void
handle_export_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);
  gint32 pipe;

  g_variant_get_child (args, 1, "h", &pipe);
  quilt_session_copy (self->daemon->sessions, call, QUILT_COPY_EXPORT,
                      quilt_args_get_text (args, 0), NULL, pipe, options);
}

static void
handle_list_sessions (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_sessions_answer_list (self->daemon->sessions, call, quilt_args_get_text (args, 0), options);
}

static void
handle_wait_session (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);

  quilt_sessions_answer_wait (self->daemon->sessions, call, quilt_args_get_text (args, 0),
                              quilt_args_get_text (args, 1), options);
}

static void
handle_kill_session (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 3);
  gint32 signal;

  g_variant_get_child (args, 2, "i", &signal);
  quilt_sessions_answer_kill (self->daemon->sessions, call, quilt_args_get_text (args, 0),
                              quilt_args_get_text (args, 1), signal, options);
}

static void
handle_list_processes (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_list_processes (self->daemon->containers, call, quilt_args_get_text (args, 0), options);
}

static void
handle_list_changes (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_list_changes (self->daemon->containers, call, quilt_args_get_text (args, 0), options);
}

static void
handle_commit_container (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);

  quilt_commit_container (self->daemon->containers, call, quilt_args_get_text (args, 0),
                          quilt_args_get_text (args, 1), options);
}

static void
handle_import_image (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);
  gint32 source;

  g_variant_get_child (args, 0, "h", &source);
  quilt_import_image (self->daemon->images, call, source, quilt_args_get_text (args, 1), options);
}

static void
handle_get_image (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GError) error = NULL;
  const QuiltImage *found =
      quilt_images_find (self->daemon->images, quilt_args_get_text (args, 0), &error);

  if (found)
    quilt_call_return (call, g_variant_new ("(o)", quilt_image_get_path (found)));
  else
    quilt_bus_error_return (call, error);
}

static void
handle_list_images (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_list_images (self->daemon->images, call, options);
}

static void
handle_remove_images (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autofree const char **names = quilt_args_get_texts (args, 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_image_remove_many (self->daemon->images, call, names, options);
}

static void
handle_prune_setups (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_prune_setups (self->daemon->images, call, options);
}

static void
handle_verify_image (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) command = g_variant_get_child_value (args, 1);
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 2);

  quilt_verify_image (self->daemon->images, call, quilt_args_get_text (args, 0), command, options);
}

static void
reload_authorized (QuiltCall *call, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GError) error = NULL;

  if (self->reload (self->reload_data, &error))
    quilt_call_return (call, NULL);
  else
    quilt_bus_error_return (call, error);
}

static void
handle_reload (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);
  g_autoptr (GError) error = NULL;

  if (quilt_dict_read (options, NULL, 0, &error))
    quilt_authority_require (quilt_hub_get_authority (self->daemon->hub), call, QUILT_ACTION_RELOAD,
                             NULL, reload_authorized, self);
  else
    quilt_bus_error_return (call, error);
}

static void
handle_diagnose (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_doctor_diagnose (self->daemon->doctor, call, options);
}

static const QuiltMethodHandler handlers[] = {
    {"CreateContainer", handle_create_container},
    {"RunContainer", handle_run_container},
    {"GetContainer", handle_get_container},
    {"GetManagedObjects", handle_get_managed_objects},
    {"ListContainers", handle_list_containers},
    {"StartContainers", handle_start_containers},
    {"StopContainers", handle_stop_containers},
    {"RestartContainers", handle_restart_containers},
    {"KillContainers", handle_kill_containers},
    {"RemoveContainers", handle_remove_containers},
    {"WaitContainer", handle_wait_container},
    {"ExecContainer", handle_exec_container},
    {"AttachContainer", handle_attach_container},
    {"ResizeTerminal", handle_resize_terminal},
    {"CopyFromContainer", handle_copy_from_container},
    {"CopyToContainer", handle_copy_to_container},
    {"ExportContainer", handle_export_container},
    {"ListSessions", handle_list_sessions},
    {"WaitSession", handle_wait_session},
    {"KillSession", handle_kill_session},
    {"ListProcesses", handle_list_processes},
    {"ListChanges", handle_list_changes},
    {"CommitContainer", handle_commit_container},
    {"ImportImage", handle_import_image},
    {"GetImage", handle_get_image},
    {"ListImages", handle_list_images},
    {"RemoveImages", handle_remove_images},
    {"PruneSetups", handle_prune_setups},
    {"VerifyImage", handle_verify_image},
    {"Diagnose", handle_diagnose},
    {"Reload", handle_reload},
    {NULL, NULL},
};

static const QuiltExportClass export_class = {.interface = &quilt_bus_manager};

QuiltManager *
quilt_manager_new (QuiltDaemon *daemon,
                   gboolean (*reload) (gpointer data, GError **error),
                   gpointer data)
{
  QuiltManager *self = g_new0 (QuiltManager, 1);

  self->daemon = daemon;
  self->reload = reload;
  self->reload_data = data;
  self->exported = quilt_export_new (&export_class, handlers, self);
  quilt_export_set_string (self->exported, QUILT_BUS_MANAGER_VERSION, QUILT_VERSION);
  quilt_manager_look_for_limits (self);
  quilt_hub_export (daemon->hub, QUILT_BUS_PATH, self->exported);
  return self;
}

void
quilt_manager_free (QuiltManager *self)
{
  quilt_hub_unexport (self->daemon->hub, QUILT_BUS_PATH);
  quilt_export_free (self->exported);
  g_free (self);
}
