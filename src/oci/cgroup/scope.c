/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transient scope of a container, asked of systemd. */
#include "oci/cgroup/scope.h"

#include "base/error.h"
#include "dbus/open.h"
#include "oci/cgroup/scope-properties.h"
#include "systemd/client/jobs.h"
#include "systemd/client/manager.h"

#include <string.h>
#include <unistd.h>

#define TIMEOUT_SEC 30

typedef struct QuiltOciScopeClient {
  QuiltDbus *dbus;
  QuiltJobs *jobs;
} Client;

static void
client_free (Client *client)
{
  g_clear_pointer (&client->jobs, quilt_jobs_free);
  g_clear_pointer (&client->dbus, quilt_dbus_close);
  g_free (client);
}

/* An address with the path of a socket below directory. */
static char *
make_address (const char *directory, const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (directory, "/", FALSE);

  return g_strdup_printf ("unix:path=%s/%s", escaped, name);
}

/* systemd's own socket, as systemctl(1) takes it: there is no bus between. NULL: not for us. */
static QuiltDbus *
open_private (gboolean rootless)
{
  const char *directory = rootless ? g_getenv ("XDG_RUNTIME_DIR") : "/run";
  g_autofree char *address = directory ? make_address (directory, "systemd/private") : NULL;

  if (!address || (!rootless && geteuid () != 0))
    return NULL;
  return quilt_dbus_open_peer (address, NULL);
}

static QuiltDbus *
open_bus (gboolean rootless, GError **error)
{
  const char *address =
      g_getenv (rootless ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
  const char *directory = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *usual = rootless && directory ? make_address (directory, "bus") : NULL;

  return quilt_dbus_open (address ? address : rootless && !usual ? "" : usual, error);
}

static QuiltDbus *
open_systemd (gboolean rootless, GError **error)
{
  QuiltDbus *dbus = open_private (rootless);

  if (!dbus)
    dbus = open_bus (rootless, error);
  if (!dbus)
    g_prefix_error (error, "%s: ",
                    rootless ? "Failed to reach your own systemd (is XDG_RUNTIME_DIR set, and did "
                               "you log in?)"
                             : "Failed to reach systemd (without --systemd-cgroup it is not "
                               "needed)");
  return dbus;
}

gboolean
quilt_oci_scope_connect (QuiltOciCgroup *self, GError **error)
{
  g_autoptr (QuiltDbus) dbus = NULL;

  if (self->client)
    return TRUE;
  dbus = open_systemd (self->rootless, error);
  if (!dbus)
    return FALSE;
  self->client = g_new0 (Client, 1);
  self->client->jobs = quilt_jobs_new (dbus, FALSE);
  self->client->dbus = g_steal_pointer (&dbus);
  return TRUE;
}

void
quilt_oci_scope_disconnect (QuiltOciCgroup *self)
{
  g_clear_pointer (&self->client, client_free);
}

/* How a job went. */
typedef struct {
  gboolean is_over;
  char *result;
  GError *error;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_free (self->result);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
on_job (const char *result, const GError *error, gpointer data)
{
  Outcome *outcome = data;

  outcome->is_over = TRUE;
  outcome->result = g_strdup (result);
  outcome->error = error ? g_error_copy (error) : NULL;
}

/* Waits until the job is over. Returns FALSE if there was none: outcome->error says why. */
static gboolean
wait_for_job (Client *client, QuiltJob *job, Outcome *outcome)
{
  const gint64 end = g_get_monotonic_time () + TIMEOUT_SEC * G_USEC_PER_SEC;
  gint64 left;
  gboolean is_connected = TRUE;

  while (!outcome->is_over && is_connected && (left = end - g_get_monotonic_time ()) > 0)
    is_connected = quilt_dbus_iterate (client->dbus, (int)(left / 1000) + 1);
  if (!outcome->is_over) {
    quilt_job_forget (job);
    outcome->error = is_connected
                         ? g_error_new (QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
                                        "systemd did not finish its job within %d s", TIMEOUT_SEC)
                         : g_error_new_literal (QUILT_ERROR, QUILT_ERROR_FAILED,
                                                "systemd has closed the connection");
  }
  return outcome->result != NULL;
}

/* Returns TRUE if the job is done, else sets an error. */
static gboolean
check (const Outcome *outcome, const char *what, const char *unit, GError **error)
{
  if (g_strcmp0 (outcome->result, "done") == 0)
    return TRUE;
  if (outcome->result)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to %s '%s': its job ended as '%s' ('systemctl status' says more)", what,
                 unit, outcome->result);
  else if (outcome->error->domain == QUILT_ERROR)
    g_set_error (error, QUILT_ERROR, outcome->error->code, "Failed to %s '%s': %s", what, unit,
                 outcome->error->message);
  else
    g_propagate_error (error, quilt_systemd_describe (outcome->error, what, unit));
  return FALSE;
}

/* Calls a method and waits for the answer. NULL with the error as it came. */
static GVariant *
ask (Client *client, QuiltDbusCall call, GError **error)
{
  g_auto (QuiltDbusReply) reply = {0};

  quilt_dbus_call_sync (client->dbus, &call, TIMEOUT_SEC * 1000, &reply);
  if (reply.error)
    g_propagate_error (error, g_steal_pointer (&reply.error));
  return g_steal_pointer (&reply.body);
}

static gboolean
describe_failure (GError **error, const GError *cause, const char *what, const char *unit)
{
  g_propagate_error (error, quilt_systemd_describe (cause, what, unit));
  return FALSE;
}

static char *
describe (const char *id)
{
  return g_strdup_printf ("Quilt container %s", id);
}

static void
add (GVariantBuilder *properties, const char *name, GVariant *value)
{
  g_variant_builder_add (properties, "(sv)", name, value);
}

static void
add_all (GVariantBuilder *properties, GVariant *more)
{
  for (gsize i = 0; i < g_variant_n_children (more); i++) {
    g_autoptr (GVariant) property = g_variant_get_child_value (more, i);

    g_variant_builder_add_value (properties, property);
  }
}

/* The properties of a container's scope. Processes are in the scope itself, not in a cgroup
 * below it: engines read limits and figures from the cgroup that /proc/PID/cgroup names, and the
 * container sees its limits there too, since it is the container's root. With DefaultDependencies,
 * systemd would end the scope at the host's shutdown before the engine does. With CollectMode, a
 * failed scope needs no reset. */
static GVariant *
make_properties (
    const QuiltOciCgroup *self, const char *id, pid_t pid, GVariant *annotated, GVariant *limits)
{
  static const char *const on[] = {"Delegate", "CPUAccounting", "MemoryAccounting", "IOAccounting",
                                   "TasksAccounting"};
  const guint32 pids[] = {(guint32)pid};
  g_autofree char *description = describe (id);
  GVariantBuilder properties;

  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  add (&properties, "Description", g_variant_new_string (description));
  add (&properties, "Slice", g_variant_new_string (self->slice));
  add (&properties, "PIDs",
       g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, pids, 1, sizeof *pids));
  add (&properties, "DefaultDependencies", g_variant_new_boolean (FALSE));
  add (&properties, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  for (guint i = 0; i < G_N_ELEMENTS (on); i++)
    add (&properties, on[i], g_variant_new_boolean (TRUE));
  add_all (&properties, annotated);
  add_all (&properties, limits);
  return g_variant_ref_sink (g_variant_builder_end (&properties));
}

/* Forgets a scope of this name that failed; there may be none. */
static void
reset_failed (Client *client, const char *unit)
{
  g_autoptr (GVariant) reply = ask (
      client, quilt_systemd_make_call ("ResetFailedUnit", g_variant_new ("(s)", unit), NULL), NULL);
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
  g_autoptr (GVariant) properties = NULL;
  g_auto (Outcome) outcome = {0};
  Client *client;

  if (!annotated || !quilt_oci_scope_connect (self, error))
    return FALSE;
  client = self->client;
  properties = make_properties (self, id, pid, annotated, limits);
  if (!wait_for_job (
          client, quilt_jobs_start_scope (client->jobs, self->unit, properties, on_job, &outcome),
          &outcome) &&
      quilt_systemd_is_error (outcome.error, "UnitExists")) {
    reset_failed (client, self->unit);
    outcome_clear (&outcome);
    outcome = (Outcome){0};
    wait_for_job (client,
                  quilt_jobs_start_scope (client->jobs, self->unit, properties, on_job, &outcome),
                  &outcome);
  }
  if (check (&outcome, "start", self->unit, error))
    return TRUE;
  if (outcome.result)
    reset_failed (client, self->unit);
  return FALSE;
}

gboolean
quilt_oci_scope_update (QuiltOciCgroup *self, const GPtrArray *writes, GError **error)
{
  g_autoptr (GVariant) limits = quilt_oci_limit_properties (writes);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) cause = NULL;

  if (g_variant_n_children (limits) == 0)
    return TRUE;
  if (!quilt_oci_scope_connect (self, error))
    return FALSE;
  reply =
      ask (self->client,
           quilt_systemd_make_call ("SetUnitProperties",
                                    g_variant_new ("(sb@a(sv))", self->unit, TRUE, limits), "()"),
           &cause);
  return reply || describe_failure (error, cause, "set limits of", self->unit);
}

gboolean
quilt_oci_scope_stop (QuiltOciCgroup *self, GError **error)
{
  g_auto (Outcome) outcome = {0};

  if (!quilt_oci_scope_connect (self, error))
    return FALSE;
  if (!wait_for_job (self->client,
                     quilt_jobs_stop_unit (self->client->jobs, self->unit, on_job, &outcome),
                     &outcome) &&
      quilt_systemd_is_error (outcome.error, "NoSuchUnit"))
    return TRUE;
  return check (&outcome, "stop", self->unit, error);
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
  g_autoptr (GError) cause = NULL;
  g_autoptr (GVariant) reply =
      ask (client,
           quilt_systemd_make_property_call (object, "Get", g_variant_new ("(ss)", interface, name),
                                             "(v)"),
           &cause);
  g_autoptr (GVariant) value = NULL;

  if (!reply) {
    describe_failure (error, cause, "ask systemd for a property of", unit);
    return NULL;
  }
  g_variant_get (reply, "(v)", &value);
  return g_strdup (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                       ? g_variant_get_string (value, NULL)
                       : "");
}

gboolean
quilt_oci_scope_find (QuiltOciCgroup *self, const char *id, char **ret_path, GError **error)
{
  g_autofree char *wanted = describe (id);
  g_autofree char *description = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) unit = NULL;
  g_autoptr (GError) cause = NULL;
  const char *object;

  if (!quilt_oci_scope_connect (self, error))
    return FALSE;
  unit =
      ask (self->client,
           quilt_systemd_make_call ("GetUnit", g_variant_new ("(s)", self->unit), "(o)"), &cause);
  if (!unit && !quilt_systemd_is_error (cause, "NoSuchUnit"))
    return describe_failure (error, cause, "find", self->unit);
  *ret_path = NULL;
  if (!unit)
    return TRUE;
  g_variant_get (unit, "(&o)", &object);
  description = get_property (self->client, object, QUILT_SYSTEMD_NAME ".Unit", "Description",
                              self->unit, error);
  if (!description)
    return FALSE;
  if (strcmp (description, wanted) == 0) {
    path = get_property (self->client, object, QUILT_SYSTEMD_NAME ".Scope", "ControlGroup",
                         self->unit, error);
    /* Without a cgroup, it is only about to start, for a quilt-oci that was killed. If the
     * container ended now, the scope would start without a process, and systemd would keep it. */
    if (!path || (!*path && !quilt_oci_scope_stop (self, error)))
      return FALSE;
  }
  *ret_path = path && *path ? g_steal_pointer (&path) : NULL;
  return TRUE;
}
