/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: long operations as objects on the bus. */
#include "daemon/bus/job.h"

#include "base/error.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "dbus/quilt-bus.h"

/* Time for which a finished job stays on the bus. */
#define LINGER_SECONDS 10

struct _QuiltJob {
  GObject parent_instance;
  QuiltExport *exported;
  QuiltHub *hub;
  char *path;
  guint32 owner;
  char *caller;      /* the connection that started it, which may get its result */
  GVariant *results; /* NULL: not finished */
  GError *error;
  gboolean (*cancel) (gpointer data); /* NULL: too late to cancel */
  gpointer cancel_data;
  QuiltCharge *charge; /* of the call that started it; NULL: finished */
  gint64 began_usec;   /* monotonic */
};

G_DEFINE_FINAL_TYPE (QuiltJob, quilt_job, G_TYPE_OBJECT)

const char *
quilt_job_get_path (const QuiltJob *self)
{
  return self->path;
}

void
quilt_job_progress (QuiltJob *self, guint64 bytes, guint64 total)
{
  QuiltExport *exported = self->exported;
  gint64 spent_usec = MAX (g_get_monotonic_time () - self->began_usec, 1);
  double rate = (double)bytes * G_USEC_PER_SEC / (double)spent_usec;

  quilt_export_set_uint64 (exported, QUILT_BUS_JOB_BYTES, bytes);
  quilt_export_set_uint64 (exported, QUILT_BUS_JOB_TOTAL_BYTES, total);
  quilt_export_set_uint64 (exported, QUILT_BUS_JOB_RATE, (guint64)rate);
  if (total > 0)
    quilt_export_set (exported, QUILT_BUS_JOB_PROGRESS,
                      g_variant_new_double (MIN ((double)bytes / (double)total, 1.0)));
  if (total > 0 && rate >= 1)
    quilt_export_set_uint64 (
        exported, QUILT_BUS_JOB_EXPECTED_END_TIME,
        (guint64)g_get_real_time () +
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
  quilt_export_flush (self->exported);
  quilt_export_emit (
      self->exported, "Completed",
      g_variant_new ("(bss@a{sv})", error == NULL, error ? quilt_bus_error_name (error) : "",
                     error ? quilt_bus_error_describe (quilt_error_to_name (code)) : "",
                     select_public (self->results)));
  g_timeout_add_seconds (LINGER_SECONDS, on_lingered, self);
}

static void
cancel_authorized (QuiltCall *call, gpointer data)
{
  QuiltJob *self = data;
  g_autoptr (GError) error = NULL;

  if (self->cancel && self->cancel (self->cancel_data)) {
    self->cancel = NULL;
    quilt_call_return (call, NULL);
    return;
  }
  error = g_error_new (
      QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
      "The job can't be cancelled: it has ended, is about to end, or is already cancelled");
  quilt_bus_error_return (call, error);
}

static void
require (QuiltJob *self, QuiltCall *call, const char *verb, QuiltAuthorizedFunc authorized)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_authority_details_new (verb, NULL, self->owner, NULL));
  quilt_call_attach (call, "quilt-job", g_object_ref (self), g_object_unref);
  quilt_authority_require (quilt_hub_get_authority (self->hub), call, QUILT_ACTION_MANAGE_IMAGES,
                           details, authorized, self);
}

static void
handle_cancel (QuiltCall *call, GVariant *args, gpointer data)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);
  g_autoptr (GError) error = NULL;

  if (quilt_dict_read (options, NULL, 0, &error))
    require (data, call, "cancel", cancel_authorized);
  else
    quilt_bus_error_return (call, error);
}

static void
result_authorized (QuiltCall *call, gpointer data)
{
  QuiltJob *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = self->error ? quilt_bus_error_text (self->error) : NULL;

  if (self->results) {
    quilt_call_return (call, g_variant_new ("(bss@a{sv})", self->error == NULL,
                                            self->error ? quilt_bus_error_name (self->error) : "",
                                            text ? text : "", self->results));
    return;
  }
  error = g_error_new (QUILT_ERROR, QUILT_ERROR_INVALID_STATE, "The job has not ended yet");
  quilt_bus_error_return (call, error);
}

static void
handle_get_result (QuiltCall *call, GVariant *args, gpointer data)
{
  QuiltJob *self = data;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error))
    quilt_bus_error_return (call, error);
  else if (g_strcmp0 (quilt_call_get_sender (call), self->caller) == 0)
    result_authorized (call, self);
  else
    require (self, call, "result", result_authorized);
}

static const QuiltMethodHandler handlers[] = {
    {"Cancel", handle_cancel},
    {"GetResult", handle_get_result},
    {NULL, NULL},
};

static const QuiltExportClass export_class = {.interface = &quilt_bus_job};

/* Properties that are 0 while they are not known. */
static const guint numbers[] = {QUILT_BUS_JOB_BYTES, QUILT_BUS_JOB_TOTAL_BYTES, QUILT_BUS_JOB_RATE,
                                QUILT_BUS_JOB_EXPECTED_END_TIME};

QuiltJob *
quilt_job_new (QuiltHub *hub,
               const char *operation,
               QuiltCall *call,
               gboolean (*cancel) (gpointer data),
               gpointer data)
{
  QuiltJob *self = g_object_new (QUILT_TYPE_JOB, NULL);

  self->hub = hub;
  self->caller = g_strdup (quilt_call_get_sender (call));
  self->charge = quilt_admission_hold (call);
  self->cancel = cancel;
  self->cancel_data = data;
  self->began_usec = g_get_monotonic_time ();
  self->path = g_strdup_printf (QUILT_BUS_PATH "/job/%" G_GUINT64_FORMAT, quilt_hub_next_job (hub));
  self->owner = quilt_admission_get_uid (call);
  self->exported = quilt_export_new (&export_class, handlers, self);
  quilt_export_set_string (self->exported, QUILT_BUS_JOB_OPERATION, operation);
  quilt_export_set_uint32 (self->exported, QUILT_BUS_JOB_OWNER, self->owner);
  quilt_export_set (self->exported, QUILT_BUS_JOB_PROGRESS, g_variant_new_double (-1));
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    quilt_export_set_uint64 (self->exported, numbers[i], 0);
  quilt_hub_export (hub, self->path, self->exported);
  quilt_activity_begin (quilt_hub_get_work (hub)); /* until the job leaves the bus */
  return self;
}

static void
quilt_job_finalize (GObject *object)
{
  QuiltJob *self = QUILT_JOB (object);

  g_clear_pointer (&self->results, g_variant_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->exported, quilt_export_free);
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
