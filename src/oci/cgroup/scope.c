/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transient scope of a container, asked of systemd over sd-bus. */
#include "oci/cgroup/scope.h"

#include "base/error.h"
#include "base/text.h"
#include "oci/cgroup/scope-properties.h"
#include "oci/cgroup/sd-bus.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER SYSTEMD ".Manager"
#define JOB_TIMEOUT (30 * G_USEC_PER_SEC)

typedef struct QuiltOciScopeClient {
  QuiltSdBus lib;
  sd_bus *bus;
  char *job;    /* what is waited for */
  char *result; /* how it ended */
} Client;

static void
client_free (Client *client)
{
  if (client->bus)
    client->lib.flush_close_unref (client->bus);
  g_free (client->job);
  g_free (client->result);
  g_free (client);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

static gboolean
fail (GError **error, int result, const char *what, const char *unit)
{
  return quilt_set_error_errno (error, -result, "Failed to %s '%s'", what, unit);
}

/* The socket of systemd itself, as systemctl(1) takes it: no broker between, and none needed. NULL
 * where that is not for us, or is at a place that an address would have to spell otherwise. */
static char *
private_address (gboolean rootless)
{
  const char *directory = rootless ? g_getenv ("XDG_RUNTIME_DIR") : "/run";

  if ((!rootless && geteuid () != 0) || !directory ||
      strspn (directory, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_/.") != strlen (directory))
    return NULL;
  return g_strdup_printf ("unix:path=%s/systemd/private", directory);
}

static int
connect_private (Client *client, const char *address)
{
  int result = client->lib.new(&client->bus);

  if (result >= 0)
    result = client->lib.set_address (client->bus, address);
  if (result >= 0)
    result = client->lib.start (client->bus);
  if (result < 0 && client->bus)
    client->bus = client->lib.flush_close_unref (client->bus);
  return result;
}

static int
on_job_removed (sd_bus_message *message, void *data, sd_bus_error *error)
{
  Client *client = data;
  const char *path, *unit, *result;
  guint32 id;

  if (client->lib.message_read (message, "uoss", &id, &path, &unit, &result) >= 0 &&
      g_strcmp0 (path, client->job) == 0 && !client->result)
    client->result = g_strdup (result);
  return 0;
}

static int
watch_jobs (Client *client)
{
  return client->lib.match_signal (client->bus, NULL, NULL, "/org/freedesktop/systemd1", MANAGER,
                                   "JobRemoved", on_job_removed, client);
}

static gboolean
client_open (Client *client, gboolean rootless, GError **error)
{
  g_autofree char *address = private_address (rootless);
  int result;

  if (!quilt_sd_bus_load (&client->lib, error))
    return FALSE;
  if (address && connect_private (client, address) >= 0)
    return TRUE;
  result = rootless ? client->lib.open_user (&client->bus) : client->lib.open_system (&client->bus);
  if (result >= 0)
    return TRUE;
  return quilt_set_error_errno (error, -result,
                                rootless ? "Failed to reach your own systemd (is XDG_RUNTIME_DIR "
                                           "set, and did you log in?)"
                                         : "Failed to reach systemd (without --systemd-cgroup it "
                                           "is not needed)");
}

gboolean
quilt_oci_scope_connect (QuiltOciCgroup *self, GError **error)
{
  g_autoptr (Client) client = NULL;
  int result;

  if (self->client)
    return TRUE;
  client = g_new0 (Client, 1);
  if (!client_open (client, self->rootless, error))
    return FALSE;
  result = watch_jobs (client);
  if (result < 0)
    return fail (error, result, "listen for jobs of", self->unit);
  self->client = g_steal_pointer (&client);
  return TRUE;
}

void
quilt_oci_scope_disconnect (QuiltOciCgroup *self)
{
  g_clear_pointer (&self->client, client_free);
}

static int append_value (const QuiltSdBus *lib, sd_bus_message *message, GVariant *value);

static int
append_container (
    const QuiltSdBus *lib, sd_bus_message *message, GVariant *value, char type, const char *inside)
{
  int result = lib->message_open_container (message, type, inside);

  for (gsize i = 0; result >= 0 && i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

    result = append_value (lib, message, child);
  }
  return result < 0 ? result : lib->message_close_container (message);
}

/* Both name types as D-Bus does; only a boolean is an int here and a byte there. */
static int
append_value (const QuiltSdBus *lib, sd_bus_message *message, GVariant *value)
{
  const char *type = g_variant_get_type_string (value);
  g_autofree char *inside = NULL;
  g_autoptr (GVariant) child = NULL;
  int boolean;

  switch (*type) {
  case 'b':
    boolean = g_variant_get_boolean (value);
    return lib->message_append_basic (message, 'b', &boolean);
  case 's':
  case 'o':
  case 'g':
    return lib->message_append_basic (message, *type, g_variant_get_string (value, NULL));
  case 'v':
    child = g_variant_get_variant (value);
    return append_container (lib, message, value, 'v', g_variant_get_type_string (child));
  case 'a':
    return append_container (lib, message, value, 'a', type + 1);
  case '(':
  case '{':
    inside = g_strndup (type + 1, strlen (type) - 2);
    return append_container (lib, message, value, *type == '(' ? 'r' : 'e', inside);
  default:
    return lib->message_append_basic (message, *type, g_variant_get_data (value));
  }
}

/* The elements of an a(sv), into an array that is open. */
static int
append_properties (const QuiltSdBus *lib, sd_bus_message *message, GVariant *properties)
{
  int result = 0;

  for (gsize i = 0; result >= 0 && i < g_variant_n_children (properties); i++) {
    g_autoptr (GVariant) property = g_variant_get_child_value (properties, i);

    result = append_value (lib, message, property);
  }
  return result;
}

static int
new_call (Client *client, sd_bus_message **ret_message, const char *method)
{
  return client->lib.message_new_method_call (client->bus, ret_message, SYSTEMD,
                                              "/org/freedesktop/systemd1", MANAGER, method);
}

/* Calls a method, and keeps the job that it may have started. FALSE with *ret_expected instead of
 * an error if it is the expected one. */
static gboolean
call (Client *client,
      sd_bus_message *message,
      const char *what,
      const char *unit,
      const char *expected_error,
      gboolean *ret_expected,
      GError **error)
{
  sd_bus_error bus_error = SD_BUS_ERROR_NULL;
  sd_bus_message *reply = NULL;
  const char *job = NULL;
  int result = client->lib.call (client->bus, message, JOB_TIMEOUT, &bus_error, &reply);

  if (result < 0 && expected_error && client->lib.error_has_name (&bus_error, expected_error)) {
    *ret_expected = TRUE;
  } else if (result < 0) {
    g_autofree char *text = quilt_text_printable (
        bus_error.message ? bus_error.message : g_strerror (-result), -1, 300);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to %s '%s': %s", what, unit, text);
  }
  g_clear_pointer (&client->job, g_free);
  g_clear_pointer (&client->result, g_free);
  if (result >= 0 && client->lib.message_read (reply, "o", &job) >= 0)
    client->job = g_strdup (job);
  client->lib.error_free (&bus_error);
  if (reply)
    client->lib.message_unref (reply);
  return result >= 0;
}

static gboolean
wait_for_job (Client *client, const char *what, const char *unit, GError **error)
{
  const gint64 end = g_get_monotonic_time () + JOB_TIMEOUT;

  while (!client->result) {
    int result = client->lib.process (client->bus, NULL);
    gint64 left = end - g_get_monotonic_time ();

    if (result == 0 && left > 0)
      result = client->lib.wait (client->bus, (guint64)left);
    if (result < 0 && result != -EINTR)
      return fail (error, result, what, unit);
    if (left <= 0) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
                   "Failed to %s '%s': systemd did not do it within %d s", what, unit,
                   (int)(JOB_TIMEOUT / G_USEC_PER_SEC));
      return FALSE;
    }
  }
  if (strcmp (client->result, "done") == 0)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
               "Failed to %s '%s': its job ended as '%s' ('systemctl status' says more)", what,
               unit, client->result);
  return FALSE;
}

/* Appends the properties of a container's scope. Processes are in the scope itself, not in a cgroup
 * below it: engines read limits and figures from the cgroup that /proc/PID/cgroup names, and the
 * container sees its limits there too, since it is the container's root. With DefaultDependencies,
 * systemd would end the scope at the host's shutdown before the engine does. With CollectMode, a
 * failed scope needs no reset. */
static int
append_scope (Client *client, sd_bus_message *message, const QuiltOciCgroup *self, pid_t pid)
{
  static const char *const on[] = {"Delegate", "CPUAccounting", "MemoryAccounting", "IOAccounting",
                                   "TasksAccounting"};
  const QuiltSdBus *lib = &client->lib;
  int result = lib->message_append (message, "(sv)(sv)(sv)(sv)", "Slice", "s", self->slice, "PIDs",
                                    "au", 1, (guint32)pid, "DefaultDependencies", "b", 0,
                                    "CollectMode", "s", "inactive-or-failed");

  for (guint i = 0; result >= 0 && i < G_N_ELEMENTS (on); i++)
    result = lib->message_append (message, "(sv)", on[i], "b", 1);
  return result;
}

static char *
describe (const char *id)
{
  return g_strdup_printf ("Quilt container %s", id);
}

static int
new_start (Client *client,
           sd_bus_message **ret_message,
           const QuiltOciCgroup *self,
           const char *id,
           pid_t pid,
           GVariant *annotated,
           GVariant *limits)
{
  const QuiltSdBus *lib = &client->lib;
  g_autofree char *description = describe (id);
  int result = new_call (client, ret_message, "StartTransientUnit");
  sd_bus_message *message = *ret_message;

  if (result >= 0)
    result = lib->message_append (message, "ss", self->unit, "fail");
  if (result >= 0)
    result = lib->message_open_container (message, 'a', "(sv)");
  if (result >= 0)
    result = lib->message_append (message, "(sv)", "Description", "s", description);
  if (result >= 0)
    result = append_scope (client, message, self, pid);
  if (result >= 0)
    result = append_properties (lib, message, annotated);
  if (result >= 0)
    result = append_properties (lib, message, limits);
  if (result >= 0)
    result = lib->message_close_container (message);
  return result < 0 ? result : lib->message_append (message, "a(sa(sv))", 0);
}

/* Forgets a scope of this name that failed; there may be none. */
static void
reset_failed (Client *client, const char *unit)
{
  sd_bus_message *message = NULL;

  if (new_call (client, &message, "ResetFailedUnit") >= 0 &&
      client->lib.message_append (message, "s", unit) >= 0)
    call (client, message, "reset", unit, NULL, NULL, NULL);
  if (message)
    client->lib.message_unref (message);
}

gboolean
quilt_oci_scope_start (QuiltOciCgroup *self,
                       const char *id,
                       pid_t pid,
                       GHashTable *annotations,
                       const GPtrArray *writes,
                       GError **error)
{
  g_autoptr (GVariant) annotated = quilt_oci_annotated_properties (annotations, error);
  g_autoptr (GVariant) limits = quilt_oci_limit_properties (writes);
  Client *client;
  sd_bus_message *message = NULL;
  gboolean exists = FALSE;
  gboolean ok;
  int result;

  if (!annotated || !quilt_oci_scope_connect (self, error))
    return FALSE;
  client = self->client;
  result = new_start (client, &message, self, id, pid, annotated, limits);
  ok = result >= 0
           ? call (client, message, "start", self->unit, SYSTEMD ".UnitExists", &exists, error)
           : fail (error, result, "ask systemd for", self->unit);
  if (exists) {
    reset_failed (client, self->unit);
    client->lib.message_unref (message);
    message = NULL;
    result = new_start (client, &message, self, id, pid, annotated, limits);
    ok = result >= 0 ? call (client, message, "start", self->unit, NULL, NULL, error)
                     : fail (error, result, "ask systemd for", self->unit);
  }
  if (message)
    client->lib.message_unref (message);
  if (!ok || wait_for_job (client, "start", self->unit, error))
    return ok;
  reset_failed (client, self->unit);
  return FALSE;
}

gboolean
quilt_oci_scope_update (QuiltOciCgroup *self, const GPtrArray *writes, GError **error)
{
  g_autoptr (GVariant) limits = quilt_oci_limit_properties (writes);
  Client *client;
  sd_bus_message *message = NULL;
  gboolean ok;
  int result;

  if (g_variant_n_children (limits) == 0)
    return TRUE;
  if (!quilt_oci_scope_connect (self, error))
    return FALSE;
  client = self->client;
  result = new_call (client, &message, "SetUnitProperties");
  if (result >= 0)
    result = client->lib.message_append (message, "sb", self->unit, 1);
  if (result >= 0)
    result = append_value (&client->lib, message, limits);
  ok = result >= 0 ? call (client, message, "set limits of", self->unit, NULL, NULL, error)
                   : fail (error, result, "ask systemd for limits of", self->unit);
  if (message)
    client->lib.message_unref (message);
  return ok;
}

gboolean
quilt_oci_scope_stop (QuiltOciCgroup *self, GError **error)
{
  Client *client;
  sd_bus_message *message = NULL;
  gboolean gone = FALSE;
  gboolean ok;
  int result;

  if (!quilt_oci_scope_connect (self, error))
    return FALSE;
  client = self->client;
  result = new_call (client, &message, "StopUnit");
  if (result >= 0)
    result = client->lib.message_append (message, "ss", self->unit, "replace");
  ok = result >= 0 ? call (client, message, "stop", self->unit, SYSTEMD ".NoSuchUnit", &gone, error)
                   : fail (error, result, "ask systemd to stop", self->unit);
  if (message)
    client->lib.message_unref (message);
  if (gone)
    return TRUE;
  return ok && wait_for_job (client, "stop", self->unit, error);
}

/* A property of a unit, a string. Owned by the caller. */
static char *
get_property (Client *client,
              const char *object,
              const char *interface,
              const char *name,
              const char *unit,
              GError **error)
{
  const QuiltSdBus *lib = &client->lib;
  sd_bus_message *message = NULL, *reply = NULL;
  const char *value = NULL;
  char *copy = NULL;
  int result = lib->message_new_method_call (client->bus, &message, SYSTEMD, object,
                                             "org.freedesktop.DBus.Properties", "Get");

  if (result >= 0)
    result = lib->message_append (message, "ss", interface, name);
  if (result >= 0)
    result = lib->call (client->bus, message, JOB_TIMEOUT, NULL, &reply);
  if (result >= 0)
    result = lib->message_read (reply, "v", "s", &value);
  if (result >= 0)
    copy = g_strdup (value);
  else
    fail (error, result, "ask systemd for a property of", unit);
  if (reply)
    lib->message_unref (reply);
  if (message)
    lib->message_unref (message);
  return copy;
}

gboolean
quilt_oci_scope_find (QuiltOciCgroup *self, const char *id, char **ret_path, GError **error)
{
  g_autofree char *wanted = describe (id);
  g_autofree char *description = NULL;
  g_autofree char *object = NULL;
  g_autofree char *path = NULL;
  sd_bus_message *message = NULL;
  gboolean gone = FALSE;
  Client *client;
  gboolean ok;
  int result;

  if (!quilt_oci_scope_connect (self, error))
    return FALSE;
  client = self->client;
  result = new_call (client, &message, "GetUnit");
  if (result >= 0)
    result = client->lib.message_append (message, "s", self->unit);
  ok = result >= 0 ? call (client, message, "find", self->unit, SYSTEMD ".NoSuchUnit", &gone, error)
                   : fail (error, result, "ask systemd for", self->unit);
  if (message)
    client->lib.message_unref (message);
  object = g_steal_pointer (&client->job); /* the reply is a path here too */
  *ret_path = NULL;
  if (!ok || !object)
    return gone;
  description = get_property (client, object, SYSTEMD ".Unit", "Description", self->unit, error);
  if (!description)
    return FALSE;
  if (strcmp (description, wanted) == 0) {
    path = get_property (client, object, SYSTEMD ".Scope", "ControlGroup", self->unit, error);
    if (!path)
      return FALSE;
  }
  *ret_path = path && *path ? g_steal_pointer (&path) : NULL;
  return TRUE;
}
