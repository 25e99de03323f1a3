/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's jobs, from the call that asks for a job to JobRemoved. */
#include "systemd/client/jobs.h"

#include "systemd/client/manager.h"

#include <string.h>

/* How often to look at a unit whose call, answer or signal may be lost, and how many times. */
#define LOOK_MS 100
#define LOOKS_MAX 250

struct QuiltJobs {
  QuiltDbus *dbus;
  gboolean survives;
  GPtrArray *jobs; /* jobs that are not over */
};

struct QuiltJob {
  QuiltJobs *jobs;
  char *unit;
  GVariant *properties; /* of a start; NULL: it is a stop */
  QuiltJobFunc func;
  gpointer data;
  QuiltDbusPending pending; /* the last call */
  char *path;               /* of systemd's job; NULL until it is known */
  GHashTable *early;        /* path → result: jobs of this unit that ended before it was known */
  gint64 begun;             /* µs of the monotonic clock */
  guint timer;              /* until the next look */
  guint looks;
};

static void
job_free (gpointer data)
{
  QuiltJob *self = data;

  quilt_dbus_pending_clear (&self->pending);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->properties, g_variant_unref);
  g_free (self->unit);
  g_free (self->path);
  g_clear_pointer (&self->early, g_hash_table_unref);
  g_free (self);
}

void
quilt_job_forget (QuiltJob *self)
{
  g_ptr_array_remove_fast (self->jobs->jobs, self);
}

static void
end (QuiltJob *self, const char *result, const GError *error)
{
  guint index;

  if (!g_ptr_array_find (self->jobs->jobs, self, &index))
    return;
  g_ptr_array_steal_index_fast (self->jobs->jobs, index);
  self->func (result, error, self->data);
  job_free (self);
}

/* Now the path of systemd's job is known. Returns TRUE if that job is over: self is freed then. */
static gboolean
take_path (QuiltJob *self, const char *path)
{
  const char *result = self->early ? g_hash_table_lookup (self->early, path) : NULL;

  g_free (self->path);
  self->path = g_strdup (path);
  if (result)
    end (self, result, NULL);
  return result != NULL;
}

static void
on_job_removed (const char *path, GVariant *args, gpointer data)
{
  QuiltJobs *self = data;
  const char *job_path, *unit, *result;

  if (!g_variant_is_of_type (args, G_VARIANT_TYPE ("(uoss)")))
    return;
  g_variant_get (args, "(u&o&s&s)", NULL, &job_path, &unit, &result);
  for (guint i = 0; i < self->jobs->len; i++) {
    QuiltJob *job = g_ptr_array_index (self->jobs, i);

    if (g_strcmp0 (job->path, job_path) == 0) {
      end (job, result, NULL);
      return;
    }
    if (!job->path && strcmp (job->unit, unit) == 0) {
      if (!job->early)
        job->early = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_hash_table_insert (job->early, g_strdup (job_path), g_strdup (result));
    }
  }
}

/* Jobs whose call, answer or JobRemoved may be lost. */

static void ask (QuiltJob *self);
static gboolean look (gpointer data);

/* After too many looks, ends the job with this error. */
static void
look_later (QuiltJob *self, const GError *cause)
{
  if (self->looks++ >= LOOKS_MAX)
    end (self, NULL, cause);
  else if (!self->timer)
    self->timer = g_timeout_add (LOOK_MS, look, self);
}

/* An older scope of this name became active before we asked for ours. */
static gboolean
is_ours (const QuiltJob *self, GVariant *unit)
{
  const char *state;
  guint64 since;

  return g_variant_lookup (unit, "ActiveState", "&s", &state) && strcmp (state, "active") == 0 &&
         g_variant_lookup (unit, "ActiveEnterTimestampMonotonic", "t", &since) &&
         since >= (guint64)self->begun;
}

static void
on_looked (QuiltDbusReply *reply, gpointer data)
{
  QuiltJob *self = data;
  g_autoptr (GVariant) unit = NULL;
  g_autoptr (GError) slow = NULL;
  const char *path;
  guint32 id;

  quilt_dbus_pending_clear (&self->pending);
  if (!reply->body) {
    look_later (self, reply->error);
    return;
  }
  unit = g_variant_get_child_value (reply->body, 0);
  if (g_variant_lookup (unit, "Job", "(u&o)", &id, &path) && id != 0) {
    slow = g_error_new_literal (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_TIMED_OUT,
                                "systemd does not finish the job");
    if (!take_path (self, path))
      look_later (self, slow);
  } else if (is_ours (self, unit)) {
    end (self, "done", NULL);
  } else {
    ask (self);
  }
}

static gboolean
look (gpointer data)
{
  QuiltJob *self = data;
  g_autofree char *path = quilt_systemd_unit_to_path (self->unit);
  const QuiltDbusCall call = quilt_systemd_make_property_call (
      path, "GetAll", g_variant_new ("(s)", QUILT_SYSTEMD_NAME ".Unit"), "(a{sv})");

  self->timer = 0;
  quilt_dbus_pending_clear (&self->pending);
  quilt_dbus_call (self->jobs->dbus, &call, on_looked, self, &self->pending);
  return G_SOURCE_REMOVE;
}

/* systemd has come back. If a call has no answer yet, the bus answers for the systemd that went. */
static void
on_owner_changed (const char *path, GVariant *args, gpointer data)
{
  QuiltJobs *self = data;
  const char *owner;

  if (!g_variant_is_of_type (args, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (args, "(&s&s&s)", NULL, NULL, &owner);
  for (guint i = 0; *owner && i < self->jobs->len; i++) {
    QuiltJob *job = g_ptr_array_index (self->jobs, i);

    if (job->properties && job->path && !job->timer && !job->pending.bus)
      look (job);
  }
}

/* The call. */

static void
on_asked (QuiltDbusReply *reply, gpointer data)
{
  QuiltJob *self = data;
  const char *path;

  quilt_dbus_pending_clear (&self->pending);
  if (reply->body) {
    g_variant_get (reply->body, "(&o)", &path);
    take_path (self, path);
  } else if (self->jobs->survives && self->properties && quilt_systemd_was_away (reply->error)) {
    look_later (self, reply->error);
  } else {
    end (self, NULL, reply->error);
  }
}

static void
ask (QuiltJob *self)
{
  const QuiltDbusCall call =
      self->properties ? quilt_systemd_make_call ("StartTransientUnit",
                                                  g_variant_new ("(ss@a(sv)a(sa(sv)))", self->unit,
                                                                 "fail", self->properties, NULL),
                                                  "(o)")
                       : quilt_systemd_make_call (
                             "StopUnit", g_variant_new ("(ss)", self->unit, "replace"), "(o)");

  g_clear_pointer (&self->path, g_free);
  quilt_dbus_call (self->jobs->dbus, &call, on_asked, self, &self->pending);
}

static QuiltJob *
begin (QuiltJobs *self, const char *unit, GVariant *properties, QuiltJobFunc func, gpointer data)
{
  QuiltJob *job = g_new0 (QuiltJob, 1);

  job->jobs = self;
  job->unit = g_strdup (unit);
  job->properties = properties ? g_variant_ref_sink (properties) : NULL;
  job->func = func;
  job->data = data;
  job->begun = g_get_monotonic_time ();
  g_ptr_array_add (self->jobs, job);
  ask (job);
  return job;
}

QuiltJob *
quilt_jobs_start_scope (
    QuiltJobs *self, const char *unit, GVariant *properties, QuiltJobFunc func, gpointer data)
{
  return begin (self, unit, properties, func, data);
}

QuiltJob *
quilt_jobs_stop_unit (QuiltJobs *self, const char *unit, QuiltJobFunc func, gpointer data)
{
  return begin (self, unit, NULL, func, data);
}

QuiltJobs *
quilt_jobs_new (QuiltDbus *dbus, gboolean survives)
{
  /* systemd sends JobRemoved to the caller that requested the job, so Subscribe() is not needed. */
  static const QuiltDbusMatch removed = {.sender = QUILT_SYSTEMD_NAME,
                                         .interface = QUILT_SYSTEMD_MANAGER,
                                         .member = "JobRemoved",
                                         .path = QUILT_SYSTEMD_PATH};
  static const QuiltDbusMatch owner_changed = {.sender = QUILT_DBUS_BUS,
                                               .interface = QUILT_DBUS_BUS,
                                               .member = "NameOwnerChanged",
                                               .path = QUILT_DBUS_BUS_PATH,
                                               .arg0 = QUILT_SYSTEMD_NAME};
  QuiltJobs *self = g_new0 (QuiltJobs, 1);

  self->dbus = dbus;
  self->survives = survives;
  self->jobs = g_ptr_array_new_with_free_func (job_free);
  quilt_dbus_subscribe (dbus, &removed, on_job_removed, self);
  if (survives)
    quilt_dbus_subscribe (dbus, &owner_changed, on_owner_changed, self);
  return self;
}

void
quilt_jobs_free (QuiltJobs *self)
{
  quilt_dbus_unsubscribe (self->dbus, self);
  g_ptr_array_unref (self->jobs);
  g_free (self);
}
