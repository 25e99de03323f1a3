/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission of calls: refuses a call that is too large, and charges every other call to the
 * caller's uid, before quiltd does anything else for the caller. */
#include "daemon/bus/admission.h"

#include "base/error.h"
#include "daemon/bus/error.h"
#include "daemon/bus/managed-objects.h"
#include "daemon/relay/message.h"
#include "daemon/relay/relay.h"

/* The limit for remembered uids by unique name; a bus never reuses a unique name. */
#define UIDS_MAX 256

#define CHARGE_KEY "quilt-charge"

struct QuiltAdmission {
  GDBusConnection *bus;
  QuiltQuota *quota;
  QuiltActivity *work;
  GHashTable *uids;    /* unique name → uid */
  GHashTable *waiting; /* unique name → GPtrArray of Waiting, while the bus is asked for the uid */
  GCancellable *questions; /* cancels the calls to the bus */
  guint filter;
};

/* A call whose caller's uid is still unknown. */
typedef struct {
  GDBusInterfaceSkeleton *object;
  GDBusMethodInvocation *invocation; /* NULL: passed on */
} Waiting;

struct QuiltCharge {
  QuiltQuota *quota;
  QuiltActivity *work;
  guint32 uid;
};

static void
clear_charge (gpointer data)
{
  QuiltCharge *charge = data;

  quilt_quota_leave (charge->quota, charge->uid);
  quilt_quota_free (charge->quota);
  quilt_activity_end (charge->work);
}

void
quilt_charge_release (QuiltCharge *charge)
{
  g_rc_box_release_full (charge, clear_charge);
}

QuiltCharge *
quilt_admission_hold (GDBusMethodInvocation *invocation)
{
  return g_rc_box_acquire (g_object_get_data (G_OBJECT (invocation), CHARGE_KEY));
}

guint32
quilt_admission_get_uid (GDBusMethodInvocation *invocation)
{
  const QuiltCharge *charge = g_object_get_data (G_OBJECT (invocation), CHARGE_KEY);

  g_return_val_if_fail (charge != NULL, G_MAXUINT32);
  return charge->uid;
}

/* Cancel is refused only at twice the quota, so that a user whose jobs use up the quota can cancel
 * them. */
static gboolean
charge (QuiltAdmission *self, GDBusMethodInvocation *invocation, guint32 uid, GError **error)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  QuiltCharge *made;

  if (!quilt_quota_enter (self->quota, uid, g_str_equal (method, "Cancel"), error))
    return FALSE;
  made = g_rc_box_new0 (QuiltCharge);
  made->quota = quilt_quota_ref (self->quota);
  made->work = self->work;
  quilt_activity_begin (made->work);
  made->uid = uid;
  g_object_set_data_full (G_OBJECT (invocation), CHARGE_KEY, made,
                          (GDestroyNotify)quilt_charge_release);
  return TRUE;
}

/* Checks the sizes before the arguments are copied for the handler. */
static gboolean
check_lists (GDBusMethodInvocation *invocation, GError **error)
{
  GVariant *arguments = g_dbus_method_invocation_get_parameters (invocation);

  for (gsize i = 0; i < g_variant_n_children (arguments); i++) {
    g_autoptr (GVariant) argument = g_variant_get_child_value (arguments, i);

    if (!g_variant_is_of_type (argument, G_VARIANT_TYPE_STRING_ARRAY) ||
        g_variant_n_children (argument) <= QUILT_NAMES_MAX)
      continue;
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "%s takes at most %d names in one call, not %" G_GSIZE_FORMAT
                 ": call it several times",
                 g_dbus_method_invocation_get_method_name (invocation), QUILT_NAMES_MAX,
                 g_variant_n_children (argument));
    return FALSE;
  }
  return TRUE;
}

/* Returns FALSE if the call was answered with an error. */
static gboolean
admit (QuiltAdmission *self, GDBusMethodInvocation *invocation, guint32 uid)
{
  g_autoptr (GError) error = NULL;

  if (charge (self, invocation, uid, &error) && (uid == 0 || check_lists (invocation, &error)))
    return TRUE;
  quilt_bus_error_return (invocation, error);
  return FALSE;
}

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_object_unref (waiting->object);
  g_clear_object (&waiting->invocation);
  g_free (waiting);
}

/* Does what GDBus does after "g-authorize-method". */
static void
dispatch (const Waiting *waiting, GDBusMethodInvocation *invocation)
{
  g_dbus_interface_skeleton_get_vtable (waiting->object)
      ->method_call (g_dbus_method_invocation_get_connection (invocation),
                     g_dbus_method_invocation_get_sender (invocation),
                     g_dbus_method_invocation_get_object_path (invocation),
                     g_dbus_method_invocation_get_interface_name (invocation),
                     g_dbus_method_invocation_get_method_name (invocation),
                     g_dbus_method_invocation_get_parameters (invocation), invocation,
                     waiting->object);
}

static void
refuse_unknown (GDBusMethodInvocation *invocation, const char *why)
{
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED, "Not authorized: %s", why);

  quilt_bus_error_return (invocation, error);
}

typedef struct {
  QuiltAdmission *admission;
  char *sender;
} Lookup;

static void
on_uid (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Lookup *lookup = data;
  g_autofree char *sender = lookup->sender;
  QuiltAdmission *self = lookup->admission;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GPtrArray) calls = NULL;
  guint32 uid = 0;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* self was freed */
  calls = g_ptr_array_ref (g_hash_table_lookup (self->waiting, sender));
  g_hash_table_remove (self->waiting, sender);
  if (answer) {
    g_variant_get (answer, "(u)", &uid);
    if (g_hash_table_size (self->uids) >= UIDS_MAX)
      g_hash_table_remove_all (self->uids);
    g_hash_table_insert (self->uids, g_steal_pointer (&sender), GUINT_TO_POINTER (uid));
  }
  for (guint i = 0; i < calls->len; i++) {
    Waiting *waiting = calls->pdata[i];
    GDBusMethodInvocation *invocation = g_steal_pointer (&waiting->invocation);

    if (!answer)
      refuse_unknown (invocation, "the caller has left the bus");
    else if (admit (self, invocation, uid))
      dispatch (waiting, invocation);
  }
}

/* Asks the bus once for all waiting calls of a caller. */
static void
wait_for_uid (QuiltAdmission *self,
              const char *sender,
              GDBusInterfaceSkeleton *object,
              GDBusMethodInvocation *invocation)
{
  GPtrArray *calls = g_hash_table_lookup (self->waiting, sender);
  Waiting *waiting = g_new (Waiting, 1);
  Lookup *lookup;

  *waiting = (Waiting){g_object_ref (object), invocation};
  if (calls) {
    g_ptr_array_add (calls, waiting);
    return;
  }
  calls = g_ptr_array_new_with_free_func (waiting_free);
  g_ptr_array_add (calls, waiting);
  g_hash_table_insert (self->waiting, g_strdup (sender), calls);
  lookup = g_new (Lookup, 1);
  *lookup = (Lookup){self, g_strdup (sender)};
  g_dbus_connection_call (self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "GetConnectionUnixUser",
                          g_variant_new ("(s)", sender), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, -1, self->questions, on_uid, lookup);
}

typedef struct {
  QuiltAdmission *admission;
  Waiting *waiting;
} Call;

static gboolean
on_call_in_main (gpointer data)
{
  g_autofree Call *call = data;
  QuiltAdmission *self = call->admission;
  Waiting *waiting = call->waiting;
  GDBusMethodInvocation *invocation = g_steal_pointer (&waiting->invocation);
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  gpointer uid;

  if (!sender)
    refuse_unknown (invocation, "the caller has no name on the bus");
  else if (!g_hash_table_lookup_extended (self->uids, sender, NULL, &uid))
    wait_for_uid (self, sender, waiting->object, invocation);
  else if (admit (self, invocation, GPOINTER_TO_UINT (uid)))
    dispatch (waiting, invocation);
  waiting_free (waiting);
  return G_SOURCE_REMOVE;
}

static void on_last_reference (gpointer data, GObject *invocation, gboolean is_last);

static gboolean
finalize (gpointer invocation)
{
  g_object_remove_toggle_ref (invocation, on_last_reference, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_last_reference (gpointer data, GObject *invocation, gboolean is_last)
{
  if (is_last)
    g_idle_add_full (G_PRIORITY_DEFAULT, finalize, invocation, NULL);
}

/* GDBus emits this in a thread for each call, but the main thread owns all state, so nothing is
 * decided here. The emission's own reference may be the last one. The toggle reference ensures that
 * the main thread ends the charge and frees what handlers have attached. Returns FALSE: the
 * reference to invocation was taken. */
static gboolean
on_call (GDBusInterfaceSkeleton *object, GDBusMethodInvocation *invocation, gpointer data)
{
  Call *call = g_new (Call, 1);

  g_object_add_toggle_ref (G_OBJECT (invocation), on_last_reference, NULL);
  call->admission = data;
  call->waiting = g_new (Waiting, 1);
  *call->waiting = (Waiting){g_object_ref (object), invocation};
  g_idle_add_full (G_PRIORITY_DEFAULT, on_call_in_main, call, NULL);
  return FALSE;
}

void
quilt_admission_guard (QuiltAdmission *self, GDBusInterfaceSkeleton *object)
{
  g_signal_connect (object, "g-authorize-method", G_CALLBACK (on_call), self);
}

/* Answers a call that the relay has cut. */
static GDBusMessage *
new_refusal (GDBusMessage *call)
{
  if (g_dbus_message_get_flags (call) & QUILT_BUS_FLAG_TOO_LARGE)
    return g_dbus_message_new_method_error (call, "org.quilt.Error.InvalidArgument",
                                            "A call may have at most %d bytes and %d values: "
                                            "make several calls",
                                            QUILT_CALL_MAX, QUILT_CALL_VALUES_MAX);
  return g_dbus_message_new_method_error_literal (
      call, "org.quilt.Error.QuotaExceeded",
      "Too many calls wait for quiltd: wait for the answers to earlier calls");
}

/* Runs in the connection's thread. */
static GDBusMessage *
on_message (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer data)
{
  g_autoptr (GDBusMessage) answer = NULL;
  GDBusMessageFlags flags = g_dbus_message_get_flags (message);

  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  if (!(flags & (QUILT_BUS_FLAG_TOO_LARGE | QUILT_BUS_FLAG_TOO_MANY)))
    return quilt_managed_objects_redirect (message);
  if (!(flags & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)) {
    answer = new_refusal (message);
    g_dbus_connection_send_message (bus, answer, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  }
  g_object_unref (message);
  return NULL;
}

QuiltAdmission *
quilt_admission_new (GDBusConnection *bus, QuiltQuota *quota, QuiltActivity *work)
{
  QuiltAdmission *self = g_new0 (QuiltAdmission, 1);

  self->bus = g_object_ref (bus);
  self->quota = quilt_quota_ref (quota);
  self->work = quilt_activity_ref (work);
  self->uids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiting =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->questions = g_cancellable_new ();
  self->filter = g_dbus_connection_add_filter (bus, on_message, NULL, NULL);
  return self;
}

void
quilt_admission_free (QuiltAdmission *self)
{
  g_dbus_connection_remove_filter (self->bus, self->filter);
  g_cancellable_cancel (self->questions);
  g_object_unref (self->questions);
  g_hash_table_unref (self->waiting);
  g_hash_table_unref (self->uids);
  quilt_quota_free (self->quota);
  quilt_activity_unref (self->work);
  g_object_unref (self->bus);
  g_free (self);
}
