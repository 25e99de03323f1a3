/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a container's exit code, also over the end of the quiltd that was asked. */
#include "ctl/waiter.h"

#include "ctl/bus.h"

/* How long a quiltd that is asked to start may take, and how often it is asked. */
#define PATIENCE_USEC (60 * G_USEC_PER_SEC)
#define RETRY_MSEC 100

struct QuiltWaiter {
  QuiltCtl *ctl;
  char *id;
  QuiltWaitDone done;
  gpointer data;
  GCancellable *cancellable;
  guint watch; /* of the bus name, while quiltd is away */
  guint retry; /* timer */
  gboolean hurried;
  gboolean is_asking;
  gint64 lost_since; /* monotonic; 0: quiltd answers */
  GError *error;     /* why it is lost */
};

static void ask (QuiltWaiter *waiter);

static void
report (QuiltWaiter *waiter, int exit_code, const char *reason, const GError *error)
{
  waiter->done (exit_code, reason, error, waiter->data);
}

static gboolean
on_retry (gpointer data)
{
  QuiltWaiter *waiter = data;

  waiter->retry = 0;
  ask (waiter);
  return G_SOURCE_REMOVE;
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
  QuiltWaiter *waiter = data;

  if (!waiter->is_asking && waiter->retry == 0)
    ask (waiter);
}

/* Away: wait for its name; or, when the answer is due, ask again until patience ends. */
static void
on_lost (QuiltWaiter *waiter)
{
  gboolean closed = g_dbus_connection_is_closed (waiter->ctl->connection);

  if (waiter->lost_since == 0)
    waiter->lost_since = g_get_monotonic_time ();
  if (waiter->hurried && g_get_monotonic_time () - waiter->lost_since > PATIENCE_USEC) {
    report (waiter, -1, "lost", waiter->error);
    return;
  }
  if (waiter->hurried || closed)
    waiter->retry = g_timeout_add (RETRY_MSEC, on_retry, waiter);
  else if (waiter->watch == 0)
    waiter->watch = g_bus_watch_name_on_connection (waiter->ctl->connection, QUILT_BUS_NAME,
                                                    G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                                    NULL, waiter, NULL);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  QuiltWaiter *waiter;
  const char *reason;
  int exit_code;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the waiter is gone */
  waiter = data;
  waiter->is_asking = FALSE;
  if (reply) {
    g_variant_get (reply, "(i&s)", &exit_code, &reason);
    report (waiter, exit_code, reason, NULL);
  } else if (quilt_bus_error_is_lost (error)) {
    quilt_bus_fix_error (&error);
    g_clear_error (&waiter->error);
    waiter->error = g_steal_pointer (&error);
    on_lost (waiter);
  } else {
    quilt_bus_fix_error (&error);
    report (waiter, -1, "", error);
  }
}

static void
ask (QuiltWaiter *waiter)
{
  GDBusCallFlags flags = quilt_bus_call_flags (waiter->ctl);
  g_autoptr (GError) error = NULL;

  if (waiter->watch && g_dbus_connection_is_closed (waiter->ctl->connection)) {
    g_bus_unwatch_name (waiter->watch);
    waiter->watch = 0;
  }
  if (!quilt_bus_connect (waiter->ctl, &error)) {
    g_clear_error (&waiter->error);
    waiter->error = g_steal_pointer (&error);
    waiter->retry = g_timeout_add (RETRY_MSEC, on_retry, waiter);
    return;
  }
  /* Whoever stopped quiltd while containers run does not want it back because we ask. */
  if (!waiter->hurried)
    flags |= G_DBUS_CALL_FLAGS_NO_AUTO_START;
  waiter->is_asking = TRUE;
  g_dbus_connection_call (
      waiter->ctl->connection, QUILT_BUS_NAME, QUILT_BUS_PATH, QUILT_BUS_MANAGER, "WaitContainer",
      g_variant_new ("(s@a{sv})", waiter->id, quilt_bus_no_options ()), G_VARIANT_TYPE ("(is)"),
      flags, G_MAXINT, waiter->cancellable, on_answer, waiter);
}

QuiltWaiter *
quilt_waiter_new (QuiltCtl *ctl, const char *id, QuiltWaitDone done, gpointer data)
{
  QuiltWaiter *waiter = g_new0 (QuiltWaiter, 1);

  waiter->ctl = ctl;
  waiter->id = g_strdup (id);
  waiter->done = done;
  waiter->data = data;
  waiter->cancellable = g_cancellable_new ();
  ask (waiter);
  return waiter;
}

void
quilt_waiter_hurry (QuiltWaiter *waiter)
{
  if (waiter->hurried)
    return;
  waiter->hurried = TRUE;
  waiter->lost_since = 0; /* patience begins now */
  if (!waiter->is_asking && waiter->retry == 0)
    ask (waiter);
}

void
quilt_waiter_free (QuiltWaiter *waiter)
{
  g_cancellable_cancel (waiter->cancellable);
  if (waiter->watch)
    g_bus_unwatch_name (waiter->watch);
  if (waiter->retry)
    g_source_remove (waiter->retry);
  g_object_unref (waiter->cancellable);
  g_clear_error (&waiter->error);
  g_free (waiter->id);
  g_free (waiter);
}
