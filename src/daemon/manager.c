/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Manager: the handlers of its methods. */
#include "daemon/manager.h"

#include <config.h> /* of the build: "config.h" would be daemon/config.h */

#include "daemon/bus/admission.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/managed-objects.h"
#include "daemon/containers/container.h"
#include "daemon/containers/create.h"
#include "daemon/containers/list.h"
#include "daemon/containers/verbs.h"
#include "daemon/helpers/doctor.h"
#include "daemon/host/limits.h"
#include "daemon/images/image.h"
#include "daemon/images/import.h"
#include "daemon/images/list.h"
#include "daemon/images/remove.h"
#include "systemd/cgroup.h"

struct _QuiltManager {
  QuiltBusManagerSkeleton parent_instance;
  QuiltDaemon *daemon;
  gboolean (*reload) (gpointer data, GError **error);
  gpointer reload_data;
};

static void manager_iface_init (QuiltBusManagerIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (QuiltManager,
                               quilt_manager,
                               QUILT_BUS_TYPE_MANAGER_SKELETON,
                               G_IMPLEMENT_INTERFACE (QUILT_BUS_TYPE_MANAGER, manager_iface_init))

void
quilt_manager_look_for_limits (QuiltManager *self)
{
  QuiltBusManager *iface = QUILT_BUS_MANAGER (self);
  g_autofree char *text = quilt_cgroup_controllers ();
  g_auto (GStrv) names = g_strsplit_set (g_strstrip (text), " \n", -1);
  g_autofree char *missing = quilt_host_limits_missing_defaults (&self->daemon->config->defaults);
  g_auto (GStrv) defaults = g_strsplit (missing ? missing : "", ", ", -1);

  quilt_bus_manager_set_controllers (iface, (const char *const *)names);
  quilt_bus_manager_set_default_limits_not_in_force (iface, (const char *const *)defaults);
}

QuiltManager *
quilt_manager_new (QuiltDaemon *daemon,
                   gboolean (*reload) (gpointer data, GError **error),
                   gpointer data)
{
  QuiltManager *self = g_object_new (QUILT_TYPE_MANAGER, NULL);

  self->daemon = daemon;
  self->reload = reload;
  self->reload_data = data;
  quilt_bus_manager_set_version (QUILT_BUS_MANAGER (self), QUILT_VERSION);
  quilt_manager_look_for_limits (self);
  return self;
}

static gboolean
handle_create_container (QuiltBusManager *iface,
                         GDBusMethodInvocation *call,
                         const char *image,
                         GVariant *options)
{
  quilt_create_container (QUILT_MANAGER (iface)->daemon->containers, call, image, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_run_container (QuiltBusManager *iface,
                      GDBusMethodInvocation *call,
                      GUnixFDList *fds,
                      const char *image,
                      GVariant *options)
{
  quilt_run_container (QUILT_MANAGER (iface)->daemon->containers, call, fds, image, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_container (QuiltBusManager *iface, GDBusMethodInvocation *call, const char *name)
{
  g_autoptr (GError) error = NULL;
  const QuiltContainer *found =
      quilt_containers_find (QUILT_MANAGER (iface)->daemon->containers, name, &error);

  if (found)
    quilt_bus_manager_complete_get_container (iface, call, quilt_container_get_path (found));
  else
    quilt_bus_error_return (call, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_managed_objects (QuiltBusManager *iface, GDBusMethodInvocation *call)
{
  quilt_managed_objects_answer (quilt_hub_get_managed_objects (QUILT_MANAGER (iface)->daemon->hub),
                                call, quilt_admission_get_uid (call));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_list_containers (QuiltBusManager *iface, GDBusMethodInvocation *call, GVariant *options)
{
  quilt_list_containers (QUILT_MANAGER (iface)->daemon->containers, call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_start_containers (QuiltBusManager *iface,
                         GDBusMethodInvocation *call,
                         const char *const *names,
                         GVariant *options)
{
  quilt_verb_on_many (QUILT_MANAGER (iface)->daemon->containers, call, QUILT_VERB_START, names, 0,
                      options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_stop_containers (QuiltBusManager *iface,
                        GDBusMethodInvocation *call,
                        const char *const *names,
                        GVariant *options)
{
  quilt_verb_on_many (QUILT_MANAGER (iface)->daemon->containers, call, QUILT_VERB_STOP, names, 0,
                      options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_restart_containers (QuiltBusManager *iface,
                           GDBusMethodInvocation *call,
                           const char *const *names,
                           GVariant *options)
{
  quilt_verb_on_many (QUILT_MANAGER (iface)->daemon->containers, call, QUILT_VERB_RESTART, names, 0,
                      options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_kill_containers (QuiltBusManager *iface,
                        GDBusMethodInvocation *call,
                        const char *const *names,
                        int signal,
                        GVariant *options)
{
  quilt_verb_on_many (QUILT_MANAGER (iface)->daemon->containers, call, QUILT_VERB_KILL, names,
                      signal, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_remove_containers (QuiltBusManager *iface,
                          GDBusMethodInvocation *call,
                          const char *const *names,
                          GVariant *options)
{
  quilt_verb_on_many (QUILT_MANAGER (iface)->daemon->containers, call, QUILT_VERB_REMOVE, names, 0,
                      options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_wait_container (QuiltBusManager *iface,
                       GDBusMethodInvocation *call,
                       const char *name,
                       GVariant *options)
{
  quilt_verb_on_one (QUILT_MANAGER (iface)->daemon->containers, call, QUILT_VERB_WAIT, name, 0,
                     options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_import_image (QuiltBusManager *iface,
                     GDBusMethodInvocation *call,
                     GUnixFDList *fds,
                     GVariant *source,
                     const char *name,
                     GVariant *options)
{
  quilt_import_image (QUILT_MANAGER (iface)->daemon->images, call, fds,
                      g_variant_get_handle (source), name, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_image (QuiltBusManager *iface, GDBusMethodInvocation *call, const char *name)
{
  g_autoptr (GError) error = NULL;
  const QuiltImage *found = quilt_images_find (QUILT_MANAGER (iface)->daemon->images, name, &error);

  if (found)
    quilt_bus_manager_complete_get_image (iface, call, quilt_image_get_path (found));
  else
    quilt_bus_error_return (call, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_list_images (QuiltBusManager *iface, GDBusMethodInvocation *call, GVariant *options)
{
  quilt_list_images (QUILT_MANAGER (iface)->daemon->images, call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_remove_images (QuiltBusManager *iface,
                      GDBusMethodInvocation *call,
                      const char *const *names,
                      GVariant *options)
{
  quilt_image_remove_many (QUILT_MANAGER (iface)->daemon->images, call, names, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
reload_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  QuiltManager *self = data;
  g_autoptr (GError) error = NULL;

  if (self->reload (self->reload_data, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    quilt_bus_error_return (invocation, error);
}

static gboolean
handle_reload (QuiltBusManager *iface, GDBusMethodInvocation *call, GVariant *options)
{
  QuiltManager *self = QUILT_MANAGER (iface);
  g_autoptr (GError) error = NULL;

  if (quilt_dict_read (options, NULL, 0, &error))
    quilt_authority_require (quilt_hub_get_authority (self->daemon->hub), call, QUILT_ACTION_RELOAD,
                             NULL, reload_authorized, self);
  else
    quilt_bus_error_return (call, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_diagnose (QuiltBusManager *iface, GDBusMethodInvocation *call, GVariant *options)
{
  quilt_doctor_diagnose (QUILT_MANAGER (iface)->daemon->doctor, call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
quilt_manager_init (QuiltManager *self)
{
}

static void
quilt_manager_class_init (QuiltManagerClass *class)
{
}

static void
manager_iface_init (QuiltBusManagerIface *iface)
{
  iface->handle_create_container = handle_create_container;
  iface->handle_run_container = handle_run_container;
  iface->handle_get_container = handle_get_container;
  iface->handle_get_managed_objects = handle_get_managed_objects;
  iface->handle_list_containers = handle_list_containers;
  iface->handle_start_containers = handle_start_containers;
  iface->handle_stop_containers = handle_stop_containers;
  iface->handle_restart_containers = handle_restart_containers;
  iface->handle_kill_containers = handle_kill_containers;
  iface->handle_remove_containers = handle_remove_containers;
  iface->handle_wait_container = handle_wait_container;
  iface->handle_import_image = handle_import_image;
  iface->handle_get_image = handle_get_image;
  iface->handle_list_images = handle_list_images;
  iface->handle_remove_images = handle_remove_images;
  iface->handle_diagnose = handle_diagnose;
  iface->handle_reload = handle_reload;
}
