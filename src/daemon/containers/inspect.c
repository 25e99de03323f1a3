/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inspect of a container: its record, its state, and the settings in force while it runs. */
#include "daemon/containers/inspect.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/environment.h"
#include "daemon/bus/error.h"
#include "daemon/containers/plan.h"
#include "daemon/host/in-force.h"
#include "systemd/cgroup.h"

#include <fcntl.h>
#include <string.h>

/* Freed with its call. */
typedef struct {
  QuiltContainer *container;
  gboolean oci;
} Inspection;

static void
inspection_free (Inspection *inspection)
{
  g_object_unref (inspection->container);
  g_free (inspection);
}

static json_object *
read_in_force (QuiltContainer *self)
{
  const pid_t pid = quilt_container_get_pid (self);
  const char *place = quilt_container_get_place (self);
  g_autofree char *scope = place ? quilt_scope_cgroup (place) : NULL;
  g_autofree char *path = g_strdup_printf ("/proc/%d", (int)pid);
  g_autofd int proc_fd = scope && pid > 0 ? open (path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

  return proc_fd >= 0 ? quilt_in_force_read (proc_fd, scope) : NULL;
}

/* Prints the record, state and result and, while the container runs, the settings in force. */
static char *
print_record (QuiltContainer *self, gboolean values)
{
  g_autoptr (json_object) object =
      quilt_container_record_to_json (quilt_container_get_record (self));
  json_object *options = NULL, *env = NULL;
  const char *state = quilt_state_to_string (quilt_container_get_state (self));

  if (!values && json_object_object_get_ex (object, "options", &options) &&
      json_object_object_get_ex (options, "env", &env))
    quilt_environment_hide_json (env);
  json_object_object_add (object, "command",
                          quilt_json_new_strv (quilt_container_get_command (self)));
  json_object_object_add (object, "state", json_object_new_string (state));
  json_object_object_add (object, "result",
                          quilt_result_to_json (quilt_container_get_result (self)));
  json_object_object_add (object, "in_force", read_in_force (self));
  return quilt_json_print (object, TRUE);
}

static char *
print_oci (QuiltContainer *self, gboolean values, GError **error)
{
  QuiltFilters *filters = quilt_containers_parts (quilt_container_get_containers (self))->filters;
  const char *profile = quilt_options_get_seccomp (quilt_container_get_record (self)->options);
  g_autoptr (QuiltSpec) spec = quilt_container_plan (self, error);

  if (!spec || !quilt_filters_describe (filters, profile, spec->process.capabilities.bounding,
                                        &spec->seccomp, error))
    return NULL;
  if (!values)
    quilt_environment_hide (spec->process.env);
  return quilt_spec_print (spec, TRUE);
}

/* values: the caller may manage the container, and so may see the values in its environment. */
static void
on_consulted (QuiltCall *call, gboolean values, gpointer data)
{
  const Inspection *inspection = data;
  QuiltContainer *self = inspection->container;
  g_autoptr (GError) error = NULL;
  g_autofree char *json =
      inspection->oci ? print_oci (self, values, &error) : print_record (self, values);

  if (!json) {
    quilt_bus_error_return (call, error);
    return;
  }
  quilt_call_return (call,
                     g_variant_new ("(@ay)", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, json,
                                                                        strlen (json), 1)));
}

static GPtrArray *
new_details (const QuiltContainer *self)
{
  GPtrArray *details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_container_new_details (self, "inspect"));
  return details;
}

static void
authorized (QuiltCall *call, gpointer data)
{
  const Inspection *inspection = data;
  g_autoptr (GPtrArray) details = new_details (inspection->container);

  quilt_authority_consult (quilt_container_get_authority (inspection->container), call,
                           QUILT_ACTION_MANAGE_CONTAINERS, details, on_consulted, data);
}

void
quilt_container_inspect (QuiltContainer *self, QuiltCall *call, GVariant *options)
{
  gboolean oci = FALSE;
  const QuiltDictKey keys[] = {{"oci", 'b', &oci, NULL}};
  g_autoptr (GPtrArray) details = new_details (self);
  g_autoptr (GError) error = NULL;
  Inspection *inspection;

  if (!quilt_dict_read (options, keys, G_N_ELEMENTS (keys), &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  inspection = g_new0 (Inspection, 1);
  inspection->container = g_object_ref (self);
  inspection->oci = oci;
  quilt_call_attach (call, "quilt-inspection", inspection, (GDestroyNotify)inspection_free);
  quilt_authority_require (quilt_container_get_authority (self), call, QUILT_ACTION_INSPECT,
                           details, authorized, inspection);
}
