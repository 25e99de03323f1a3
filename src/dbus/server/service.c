/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that a connection receives: they wait in a queue, and callers take turns. */
#include "dbus/server/service.h"

#include "dbus/server/turns.h"

/* The cost of a waiting call that is refused, and of a waiting descriptor, in bytes. */
#define REFUSED_COST 128
#define DESCRIPTOR_COST (16 * 1024)

struct QuiltDbusService {
  QuiltDbus *bus;
  QuiltActivity *calls;
  QuiltCallers *callers;
  QuiltTurns *turns; /* NULL: the connection was closed */
  QuiltCallFunc func;
  gpointer data;
};

static void
on_owner_changed (const char *path, GVariant *args, gpointer data)
{
  QuiltDbusService *self = data;
  const char *name, *new_owner;

  if (!g_variant_is_of_type (args, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (args, "(&s&s&s)", &name, NULL, &new_owner);
  if (*new_owner != '\0' || !self->turns)
    return;
  quilt_turns_forget (self->turns, name);
  quilt_callers_tell (self->callers, name);
}

/* The bus tells of each connection that ends. New callers can appear without end, so limits per
 * caller are not enough. */
static void
watch_callers (QuiltDbusService *self)
{
  const QuiltDbusMatch match = {.sender = QUILT_DBUS_BUS,
                                .interface = QUILT_DBUS_BUS,
                                .member = "NameOwnerChanged",
                                .path = QUILT_DBUS_BUS_PATH,
                                .no_arg2 = TRUE};

  quilt_dbus_subscribe (self->bus, &match, on_owner_changed, self);
}

/* cost: that of the call if it is not refused. */
static QuiltCallRefusal
find_refusal (QuiltDbusService *self, const char *caller, gsize cost, gboolean is_whole)
{
  if (!is_whole)
    return QUILT_CALL_TOO_LARGE;
  return quilt_turns_has_room (self->turns, caller, cost, FALSE) ? QUILT_CALL_FINE
                                                                 : QUILT_CALL_TOO_MANY;
}

static void
take (const QuiltDbusMessage *head, const guint8 *data, gsize size, int *fds, gpointer service)
{
  QuiltDbusService *self = service;
  const char *caller = head->sender ? head->sender : "";
  gsize cost = size + head->n_fds * DESCRIPTOR_COST;
  const QuiltCallRefusal refusal =
      find_refusal (self, caller, cost, quilt_dbus_message_measure (data) == size);
  g_autoptr (QuiltCall) call =
      quilt_call_new (self->bus, self->callers, self->calls, head, data, size, fds, refusal);

  cost = refusal ? REFUSED_COST : cost;
  if (!refusal || quilt_turns_has_room (self->turns, caller, cost, TRUE))
    quilt_turns_push (self->turns, caller, g_steal_pointer (&call), cost);
}

static gboolean
is_due (gpointer service)
{
  return quilt_turns_is_due (((QuiltDbusService *)service)->turns);
}

static void
refuse_large (QuiltCall *call)
{
  g_autofree char *text =
      g_strdup_printf ("A call may have at most %d bytes and %d values: make several calls",
                       QUILT_CALL_MAX, QUILT_CALL_VALUES_MAX);

  quilt_call_fail (call, "org.quilt.Error.InvalidArgument", text, NULL);
}

static void
hand_over (QuiltDbusService *self, QuiltCall *call)
{
  if (quilt_call_get_refusal (call) == QUILT_CALL_TOO_MANY)
    quilt_call_fail (call, "org.quilt.Error.QuotaExceeded",
                     "Too many calls wait for quiltd: wait for the answers to earlier calls", NULL);
  else if (quilt_call_get_refusal (call) == QUILT_CALL_TOO_LARGE ||
           !quilt_call_has_at_most (call, QUILT_CALL_VALUES_MAX))
    refuse_large (call);
  else
    self->func (call, self->data);
}

/* Takes as many calls as may be under way at once. Then the main loop looks after everything else,
 * and reads what has arrived. */
static void
run (gpointer service)
{
  QuiltDbusService *self = service;
  QuiltCall *call;
  guint n = 0;

  while ((call = quilt_turns_take (self->turns))) {
    n++;
    hand_over (self, call);
  }
  while (n-- > 0)
    quilt_turns_done (self->turns);
}

static void
end (gpointer service)
{
  QuiltDbusService *self = service;

  g_clear_pointer (&self->turns, quilt_turns_free);
}

static const QuiltDbusServing serving = {take, is_due, run, end};

QuiltDbusService *
quilt_dbus_service_new (QuiltDbus *bus, QuiltActivity *calls, QuiltCallFunc func, gpointer data)
{
  QuiltDbusService *self = g_new0 (QuiltDbusService, 1);

  self->bus = quilt_dbus_ref (bus);
  self->calls = quilt_activity_ref (calls);
  self->callers = quilt_callers_new ();
  self->turns = quilt_turns_new ((GDestroyNotify)quilt_call_unref);
  self->func = func;
  self->data = data;
  watch_callers (self);
  quilt_dbus_set_service (bus, &serving, QUILT_CALL_MAX, self);
  return self;
}

void
quilt_dbus_service_free (QuiltDbusService *self)
{
  if (self->turns) {
    quilt_dbus_unsubscribe (self->bus, self);
    quilt_dbus_set_service (self->bus, NULL, 0, NULL);
  }
  quilt_callers_unref (self->callers);
  quilt_activity_unref (self->calls);
  quilt_dbus_unref (self->bus);
  g_free (self);
}
