/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: long operations as objects on the bus. */
#include "daemon/bus/job.h"

#include "base/error.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"

/* Time for which a finished job stays on the bus. */
#define LINGER_SECONDS 10

struct _QuiltJob {
  QuiltBusJobSkeleton parent_instance;
  QuiltHub *hub;
  char *path;
  char *caller;      /* the connection that started it, which may get its result */
  GVariant *results; /* NULL: not finished */
  GError *error;
  gboolean (*cancel) (gpointer data); /* NULL: too late to cancel */
  gpointer cancel_data;
  QuiltCharge *charge; /* of the call that started it; NULL: finished */
  gint64 began_usec;   /* monotonic */
};

static void job_iface_init (QuiltBusJobIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (QuiltJob,
                               quilt_job,
                               QUILT_BUS_TYPE_JOB_SKELETON,
                               G_IMPLEMENT_INTERFACE (QUILT_BUS_TYPE_JOB, job_iface_init))

QuiltJob *
quilt_job_new (QuiltHub *hub,
               const char *operation,
               GDBusMethodInvocation *invocation,
               gboolean (*cancel) (gpointer data),
               gpointer data)
{
  QuiltJob *self = g_object_new (QUILT_TYPE_JOB, NULL);

  self->hub = hub;
  self->caller = g_strdup (g_dbus_method_invocation_get_sender (invocation));
  self->charge = quilt_admission_hold (invocation);
  self->cancel = cancel;
  self->cancel_data = data;
  self->began_usec = g_get_monotonic_time ();
  self->path = g_strdup_printf (QUILT_BUS_PATH "/job/%" G_GUINT64_FORMAT, quilt_hub_next_job (hub));
  quilt_bus_job_set_operation (QUILT_BUS_JOB (self), operation);
  quilt_bus_job_set_owner (QUILT_BUS_JOB (self), quilt_admission_get_uid (invocation));
  quilt_bus_job_set_progress (QUILT_BUS_JOB (self), -1);
  quilt_hub_export (hub, self->path, G_DBUS_INTERFACE_SKELETON (self));
  quilt_activity_begin (quilt_hub_get_work (hub)); /* until the job leaves the bus */
  return self;
}

const char *
quilt_job_get_path (const QuiltJob *self)
{
  return self->path;
}

void
quilt_job_progress (QuiltJob *self, guint64 bytes, guint64 total)
{
  QuiltBusJob *iface = QUILT_BUS_JOB (self);
  gint64 spent_usec = MAX (g_get_monotonic_time () - self->began_usec, 1);
  double rate = (double)bytes * G_USEC_PER_SEC / (double)spent_usec;

  quilt_bus_job_set_bytes (iface, bytes);
  quilt_bus_job_set_total_bytes (iface, total);
  quilt_bus_job_set_rate (iface, (guint64)rate);
  if (total > 0)
    quilt_bus_job_set_progress (iface, MIN ((double)bytes / (double)total, 1.0));
  if (total > 0 && rate >= 1)
    quilt_bus_job_set_expected_end_time (
        iface, (guint64)g_get_real_time () +
                   (guint64)((double)(total - MIN (bytes, total)) / rate * G_USEC_PER_SEC));
}

static gboolean
on_lingered (gpointer data)
{
  QuiltJob *self = data;

  quilt_hub_unexport (self->hub, self->path);
  quilt_activity_end (quilt_hub_get_work (self->hub));
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

/* Results that reveal nothing about the content of an archive. */
static const char *const public_results[] = {"image", "digest", "existed", "nested", "left-out"};

static GVariant *
select_public (GVariant *results)
{
  GVariantDict selected;

  g_variant_dict_init (&selected, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (public_results); i++) {
    g_autoptr (GVariant) value = g_variant_lookup_value (results, public_results[i], NULL);

    if (value)
      g_variant_dict_insert_value (&selected, public_results[i], value);
  }
  return g_variant_dict_end (&selected);
}

void
quilt_job_complete (QuiltJob *self, GVariant *results, const GError *error)
{
  int code = error && error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;

  self->cancel = NULL;
  g_clear_pointer (&self->charge, quilt_charge_release);
  self->results = g_variant_ref_sink (results ? results : g_variant_new ("a{sv}", NULL));
  self->error = error ? g_error_copy (error) : NULL;
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self));
  quilt_bus_job_emit_completed (QUILT_BUS_JOB (self), error == NULL,
                                error ? quilt_bus_error_name (error) : "",
                                error ? quilt_bus_error_describe (quilt_error_to_name (code)) : "",
                                select_public (self->results));
  g_timeout_add_seconds (LINGER_SECONDS, on_lingered, self);
}

static void
cancel_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  QuiltJob *self = data;
  g_autoptr (GError) error = NULL;

  if (self->cancel && self->cancel (self->cancel_data)) {
    self->cancel = NULL;
    quilt_bus_job_complete_cancel (QUILT_BUS_JOB (self), invocation);
    return;
  }
  error = g_error_new (
      QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
      "The job can't be cancelled: it has ended, is about to end, or is already cancelled");
  quilt_bus_error_return (invocation, error);
}

static void
require (QuiltJob *self,
         GDBusMethodInvocation *invocation,
         const char *verb,
         QuiltAuthorizedFunc authorized)
{
  guint32 owner = quilt_bus_job_get_owner (QUILT_BUS_JOB (self));
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_authority_details_new (verb, NULL, owner, NULL));
  g_object_set_data_full (G_OBJECT (invocation), "quilt-job", g_object_ref (self), g_object_unref);
  quilt_authority_require (quilt_hub_get_authority (self->hub), invocation,
                           QUILT_ACTION_MANAGE_IMAGES, details, authorized, self);
}

static gboolean
handle_cancel (QuiltBusJob *iface, GDBusMethodInvocation *call, GVariant *options)
{
  QuiltJob *self = QUILT_JOB (iface);
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  }
  require (self, call, "cancel", cancel_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
result_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  QuiltJob *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = self->error ? quilt_bus_error_text (self->error) : NULL;

  if (self->results) {
    quilt_bus_job_complete_get_result (QUILT_BUS_JOB (self), invocation, self->error == NULL,
                                       self->error ? quilt_bus_error_name (self->error) : "",
                                       text ? text : "", self->results);
    return;
  }
  error = g_error_new (QUILT_ERROR, QUILT_ERROR_INVALID_STATE, "The job has not ended yet");
  quilt_bus_error_return (invocation, error);
}

static gboolean
handle_get_result (QuiltBusJob *iface, GDBusMethodInvocation *call, GVariant *options)
{
  QuiltJob *self = QUILT_JOB (iface);
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error))
    quilt_bus_error_return (call, error);
  else if (g_strcmp0 (g_dbus_method_invocation_get_sender (call), self->caller) == 0)
    result_authorized (call, self);
  else
    require (self, call, "result", result_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
quilt_job_finalize (GObject *object)
{
  QuiltJob *self = QUILT_JOB (object);

  g_clear_pointer (&self->results, g_variant_unref);
  g_clear_error (&self->error);
  g_free (self->caller);
  g_free (self->path);
  G_OBJECT_CLASS (quilt_job_parent_class)->finalize (object);
}

static void
quilt_job_init (QuiltJob *self)
{
}

static void
quilt_job_class_init (QuiltJobClass *class)
{
  G_OBJECT_CLASS (class)->finalize = quilt_job_finalize;
}

static void
job_iface_init (QuiltBusJobIface *iface)
{
  iface->handle_cancel = handle_cancel;
  iface->handle_get_result = handle_get_result;
}
