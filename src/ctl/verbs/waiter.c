/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for the exit code of a container or a session, even if quiltd ends meanwhile. */
#include "ctl/verbs/waiter.h"

#include "ctl/bus.h"

/* Time limit for a quiltd that the bus starts, and the interval between calls to it. */
#define PATIENCE_USEC (60 * G_USEC_PER_SEC)
#define RETRY_MSEC 100

struct QuiltWaiter {
  QuiltCtl *ctl;
  char *id;
  char *session; /* NULL: waits for the container */
  QuiltWaitDone done;
  gpointer data;
  QuiltDbusPending answer;
  QuiltDbusPending owner;
  guint retry;        /* timer */
  QuiltDbus *watched; /* the connection on which we watch quiltd's name; only compared */
  gboolean hurried;
  gboolean is_asking;
  gint64 lost_since; /* monotonic; 0: quiltd is there */
  GError *error;     /* the error of the last lost call */
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
on_appeared (QuiltWaiter *waiter)
{
  if (!waiter->is_asking && waiter->retry == 0)
    ask (waiter);
}

static void
on_owner_changed (const char *path, GVariant *args, gpointer data)
{
  const char *owner;

  if (!g_variant_is_of_type (args, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (args, "(&s&s&s)", NULL, NULL, &owner);
  if (*owner)
    on_appeared (data);
}

static void
on_owner (QuiltDbusReply *reply, gpointer data)
{
  if (reply->body)
    on_appeared (data);
}

/* quiltd may have taken the name before our subscription was in force, so ask for its owner too. */
static void
watch (QuiltWaiter *waiter)
{
  QuiltDbus *connection = waiter->ctl->connection;
  const QuiltDbusCall call = {.destination = "org.freedesktop.DBus",
                              .path = "/org/freedesktop/DBus",
                              .interface = "org.freedesktop.DBus",
                              .method = "GetNameOwner",
                              .args = g_variant_new ("(s)", QUILT_BUS_NAME),
                              .reply_type = "(s)"};

  waiter->watched = connection;
  quilt_dbus_subscribe (connection, &quilt_bus_owner_changed, on_owner_changed, waiter);
  quilt_dbus_pending_clear (&waiter->owner);
  quilt_dbus_call (connection, &call, on_owner, waiter, &waiter->owner);
}

/* quiltd is away. Waits until its name has an owner. If the answer is due, calls again until the
 * time limit. */
static void
on_lost (QuiltWaiter *waiter)
{
  QuiltDbus *connection = waiter->ctl->connection;

  if (waiter->lost_since == 0)
    waiter->lost_since = g_get_monotonic_time ();
  if (waiter->hurried && g_get_monotonic_time () - waiter->lost_since > PATIENCE_USEC) {
    report (waiter, -1, "lost", waiter->error);
    return;
  }
  if (waiter->hurried || !connection || quilt_dbus_is_closed (connection))
    waiter->retry = g_timeout_add (RETRY_MSEC, on_retry, waiter);
  else if (waiter->watched != connection)
    watch (waiter);
}

static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  QuiltWaiter *waiter = data;
  const char *reason;
  int exit_code;

  waiter->is_asking = FALSE;
  if (reply->body) {
    g_variant_get (reply->body, "(i&s)", &exit_code, &reason);
    report (waiter, exit_code, reason, NULL);
    return;
  }
  if (quilt_bus_error_is_full (reply->error)) {
    waiter->retry = g_timeout_add (RETRY_MSEC, on_retry, waiter);
    return;
  }
  quilt_bus_fix_error (&reply->error);
  if (quilt_bus_error_is_lost (reply->error)) {
    g_clear_error (&waiter->error);
    waiter->error = g_steal_pointer (&reply->error);
    on_lost (waiter);
  } else {
    report (waiter, -1, "", reply->error);
  }
}

static void
ask (QuiltWaiter *waiter)
{
  g_autoptr (GError) error = NULL;
  QuiltDbusCall call;

  if (!quilt_bus_connect (waiter->ctl, &error)) {
    g_clear_error (&waiter->error);
    waiter->error = g_steal_pointer (&error);
    waiter->retry = g_timeout_add (RETRY_MSEC, on_retry, waiter);
    return;
  }
  call = quilt_bus_make_call (
      waiter->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER,
      waiter->session ? "WaitSession" : "WaitContainer",
      waiter->session
          ? g_variant_new ("(ss@a{sv})", waiter->id, waiter->session, quilt_bus_no_options ())
          : g_variant_new ("(s@a{sv})", waiter->id, quilt_bus_no_options ()),
      "(is)");
  /* If an administrator stopped quiltd while containers run, our call must not start it. */
  if (!waiter->hurried)
    call.flags |= QUILT_DBUS_NO_AUTO_START;
  waiter->is_asking = TRUE;
  quilt_dbus_pending_clear (&waiter->answer);
  quilt_dbus_call (waiter->ctl->connection, &call, on_answer, waiter, &waiter->answer);
}

QuiltWaiter *
quilt_waiter_new (
    QuiltCtl *ctl, const char *id, const char *session, QuiltWaitDone done, gpointer data)
{
  QuiltWaiter *waiter = g_new0 (QuiltWaiter, 1);

  waiter->ctl = ctl;
  waiter->id = g_strdup (id);
  waiter->session = g_strdup (session);
  waiter->done = done;
  waiter->data = data;
  ask (waiter);
  return waiter;
}

void
quilt_waiter_hurry (QuiltWaiter *waiter)
{
  if (waiter->hurried)
    return;
  waiter->hurried = TRUE;
  waiter->lost_since = 0; /* the time limit begins now */
  if (!waiter->is_asking && waiter->retry == 0)
    ask (waiter);
}

void
quilt_waiter_free (QuiltWaiter *waiter)
{
  quilt_dbus_pending_clear (&waiter->answer);
  quilt_dbus_pending_clear (&waiter->owner);
  if (waiter->watched && waiter->watched == waiter->ctl->connection)
    quilt_dbus_unsubscribe (waiter->ctl->connection, waiter);
  if (waiter->retry)
    g_source_remove (waiter->retry);
  g_clear_error (&waiter->error);
  g_free (waiter->session);
  g_free (waiter->id);
  g_free (waiter);
}
