/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission of calls: charges every call to the caller's uid, before quiltd does anything else for
 * the caller. */
#include "daemon/bus/admission.h"

#include "base/error.h"
#include "daemon/bus/error.h"
#include "daemon/bus/tidy.h"
#include "dbus/server/standard.h"

/* The limit for remembered uids by unique name; a bus never reuses a unique name. */
#define UIDS_MAX 256
/* Time limit for the bus's answer. */
#define PATIENCE_SECONDS 25

#define CHARGE_KEY "quilt-charge"

struct QuiltAdmission {
  QuiltDbus *bus;
  QuiltQuota *quota;
  QuiltActivity *work;
  GHashTable *uids;      /* unique name → uid */
  GHashTable *questions; /* unique name → Question, while the bus is asked for the uid */
};

/* A call whose caller's uid is still unknown. */
typedef struct {
  QuiltCall *call; /* NULL: passed on */
  QuiltCallFunc admitted;
  gpointer data;
} Waiting;

typedef struct {
  QuiltAdmission *admission;
  char *sender;
  GArray *calls; /* of Waiting */
  QuiltDbusPending pending;
} Question;

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
  quilt_tidy_later ();
}

void
quilt_charge_release (QuiltCharge *charge)
{
  g_rc_box_release_full (charge, clear_charge);
}

QuiltCharge *
quilt_admission_hold (const QuiltCall *call)
{
  return g_rc_box_acquire (quilt_call_get_attached (call, CHARGE_KEY));
}

guint32
quilt_admission_get_uid (const QuiltCall *call)
{
  const QuiltCharge *charge = quilt_call_get_attached (call, CHARGE_KEY);

  g_return_val_if_fail (charge != NULL, G_MAXUINT32);
  return charge->uid;
}

/* Methods about work that a user has begun. They are refused only at twice the quota, so that a
 * user whose jobs or sessions use up the quota can end them. */
static const char *const followers[] = {"Cancel", "KillSession", "WaitSession", "ListSessions",
                                        NULL};

static gboolean
charge (QuiltAdmission *self, QuiltCall *call, guint32 uid, GError **error)
{
  QuiltCharge *made;

  if (!quilt_quota_enter (self->quota, uid,
                          g_strv_contains (followers, quilt_call_get_method (call)), error))
    return FALSE;
  made = g_rc_box_new0 (QuiltCharge);
  made->quota = quilt_quota_ref (self->quota);
  made->work = self->work;
  quilt_activity_begin (made->work);
  made->uid = uid;
  quilt_call_attach (call, CHARGE_KEY, made, (GDestroyNotify)quilt_charge_release);
  return TRUE;
}

/* Checks the sizes before the arguments are copied for the handler. */
static gboolean
check_lists (QuiltCall *call, GVariant *args, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (args); i++) {
    g_autoptr (GVariant) argument = g_variant_get_child_value (args, i);

    if (!g_variant_is_of_type (argument, G_VARIANT_TYPE_STRING_ARRAY) ||
        g_variant_n_children (argument) <= QUILT_NAMES_MAX)
      continue;
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "%s takes at most %d names in one call, not %" G_GSIZE_FORMAT
                 ": call it several times",
                 quilt_call_get_method (call), QUILT_NAMES_MAX, g_variant_n_children (argument));
    return FALSE;
  }
  return TRUE;
}

static void
admit (QuiltAdmission *self, QuiltCall *call, guint32 uid, QuiltCallFunc admitted, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GVariant *args;

  if (!charge (self, call, uid, &error))
    quilt_bus_error_return (call, error);
  else if (!(args = quilt_call_get_args (call)))
    quilt_standard_refuse_args (call);
  else if (uid != 0 && !check_lists (call, args, &error))
    quilt_bus_error_return (call, error);
  else
    admitted (call, data);
}

static void
refuse_unknown (QuiltCall *call, const char *why)
{
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED, "Not authorized: %s", why);

  quilt_bus_error_return (call, error);
}

static void
question_free (gpointer data)
{
  Question *question = data;

  quilt_dbus_pending_clear (&question->pending);
  for (guint i = 0; i < question->calls->len; i++)
    g_clear_pointer (&g_array_index (question->calls, Waiting, i).call, quilt_call_unref);
  g_array_unref (question->calls);
  g_free (question->sender);
  g_free (question);
}

static void
remember (QuiltAdmission *self, const char *sender, guint32 uid)
{
  if (g_hash_table_size (self->uids) >= UIDS_MAX)
    g_hash_table_remove_all (self->uids);
  g_hash_table_insert (self->uids, g_strdup (sender), GUINT_TO_POINTER (uid));
}

static void
on_uid (QuiltDbusReply *reply, gpointer data)
{
  Question *question = data;
  QuiltAdmission *self = question->admission;
  guint32 uid = 0;

  g_hash_table_steal (self->questions, question->sender);
  if (reply->body) {
    g_variant_get (reply->body, "(u)", &uid);
    remember (self, question->sender, uid);
  }
  for (guint i = 0; i < question->calls->len; i++) {
    Waiting *waiting = &g_array_index (question->calls, Waiting, i);
    QuiltCall *call = g_steal_pointer (&waiting->call);

    if (reply->body)
      admit (self, call, uid, waiting->admitted, waiting->data);
    else
      refuse_unknown (call, "the caller has left the bus");
  }
  question_free (question);
}

static Question *
ask (QuiltAdmission *self, const char *sender)
{
  const QuiltDbusCall call = {.destination = QUILT_DBUS_BUS,
                              .path = QUILT_DBUS_BUS_PATH,
                              .interface = QUILT_DBUS_BUS,
                              .method = "GetConnectionUnixUser",
                              .args = g_variant_new ("(s)", sender),
                              .reply_type = "(u)",
                              .timeout_sec = PATIENCE_SECONDS};
  Question *question = g_new0 (Question, 1);

  question->admission = self;
  question->sender = g_strdup (sender);
  question->calls = g_array_new (FALSE, FALSE, sizeof (Waiting));
  g_hash_table_insert (self->questions, question->sender, question);
  quilt_dbus_call (self->bus, &call, on_uid, question, &question->pending);
  return question;
}

void
quilt_admission_admit (QuiltAdmission *self, QuiltCall *call, QuiltCallFunc admitted, gpointer data)
{
  const Waiting waiting = {call, admitted, data};
  const char *sender = quilt_call_get_sender (call);
  Question *question;
  gpointer uid;

  if (*sender == '\0') {
    refuse_unknown (call, "the caller has no name on the bus");
    return;
  }
  if (g_hash_table_lookup_extended (self->uids, sender, NULL, &uid)) {
    admit (self, call, GPOINTER_TO_UINT (uid), admitted, data);
    return;
  }
  /* The bus is asked once for all waiting calls of a caller. */
  question = g_hash_table_lookup (self->questions, sender);
  if (!question)
    question = ask (self, sender);
  g_array_append_val (question->calls, waiting);
}

QuiltAdmission *
quilt_admission_new (QuiltDbus *bus, QuiltQuota *quota, QuiltActivity *work)
{
  QuiltAdmission *self = g_new0 (QuiltAdmission, 1);

  self->bus = bus;
  self->quota = quilt_quota_ref (quota);
  self->work = quilt_activity_ref (work);
  self->uids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->questions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, question_free);
  return self;
}

void
quilt_admission_free (QuiltAdmission *self)
{
  g_hash_table_unref (self->questions);
  g_hash_table_unref (self->uids);
  quilt_quota_free (self->quota);
  quilt_activity_unref (self->work);
  g_free (self);
}
