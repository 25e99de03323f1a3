/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A received call of a method, until it is answered. */
#include "dbus/server/call.h"

#include "base/fd.h"
#include "dbus/measure.h"

struct QuiltCall {
  QuiltDbus *bus;
  QuiltCallers *callers;
  QuiltActivity *calls;
  QuiltCallRefusal refusal;
  guint8 *data; /* the strings of head point into it */
  gsize size;
  QuiltDbusMessage head;
  int *fds;
  GVariant *args; /* NULL: not decoded yet, or invalid */
  const char *answer_type;
  GData *attached;
};

void
quilt_call_close_fds (QuiltCall *self)
{
  for (guint i = 0; self->fds && i < self->head.n_fds; i++)
    quilt_fd_clear (&self->fds[i]);
  g_clear_pointer (&self->fds, g_free);
}

/* Keeps of a refused call only what its answer needs. */
static void
keep_little (QuiltCall *self)
{
  const QuiltDbusMessage head = self->head;

  quilt_call_close_fds (self);
  self->data = (guint8 *)g_strdup (head.sender);
  self->size = 0;
  self->head = (QuiltDbusMessage){.type = head.type,
                                  .flags = head.flags,
                                  .serial = head.serial,
                                  .sender = (const char *)self->data};
}

/* The strings of the head point into the copy from now on. */
static void
keep_all (QuiltCall *self, const guint8 *data, gsize size)
{
  const guint32 n_fds = self->head.n_fds; /* those that have arrived */

  self->data = g_memdup2 (data, size);
  self->size = size;
  quilt_dbus_message_read_head (self->data, size, &self->head);
  self->head.n_fds = n_fds;
}

QuiltCall *
quilt_call_new (QuiltDbus *bus,
                QuiltCallers *callers,
                QuiltActivity *calls,
                const QuiltDbusMessage *head,
                const guint8 *data,
                gsize size,
                int *fds,
                QuiltCallRefusal refusal)
{
  QuiltCall *self = g_rc_box_new0 (QuiltCall);

  self->bus = quilt_dbus_ref (bus);
  self->callers = quilt_callers_ref (callers);
  self->calls = calls;
  quilt_activity_begin (calls);
  self->head = *head;
  self->fds = fds;
  self->refusal = refusal;
  g_datalist_init (&self->attached);
  if (refusal)
    keep_little (self);
  else
    keep_all (self, data, size);
  return self;
}

QuiltCall *
quilt_call_ref (QuiltCall *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  QuiltCall *self = data;

  g_datalist_clear (&self->attached);
  g_clear_pointer (&self->args, g_variant_unref);
  quilt_call_close_fds (self);
  g_free (self->data);
  quilt_activity_end (self->calls);
  quilt_callers_unref (self->callers);
  quilt_dbus_unref (self->bus);
}

void
quilt_call_unref (QuiltCall *self)
{
  g_rc_box_release_full (self, clear);
}

const char *
quilt_call_get_sender (const QuiltCall *self)
{
  return self->head.sender ? self->head.sender : "";
}

const char *
quilt_call_get_path (const QuiltCall *self)
{
  return self->head.path;
}

const char *
quilt_call_get_interface (const QuiltCall *self)
{
  return self->head.interface;
}

const char *
quilt_call_get_method (const QuiltCall *self)
{
  return self->head.member;
}

const char *
quilt_call_get_signature (const QuiltCall *self)
{
  return self->head.signature ? self->head.signature : "";
}

gboolean
quilt_call_is_interactive (const QuiltCall *self)
{
  return (self->head.flags & QUILT_DBUS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
}

GVariant *
quilt_call_get_args (QuiltCall *self)
{
  QuiltDbusMessage head = self->head;

  head.n_fds = G_MAXUINT32; /* a handle without a descriptor is an error of its argument */
  if (!self->args)
    self->args = quilt_dbus_message_read_body (self->data, self->size, &head);
  return self->args;
}

const int *
quilt_call_get_fds (const QuiltCall *self, guint *ret_n)
{
  *ret_n = self->fds ? self->head.n_fds : 0;
  return self->fds;
}

void
quilt_call_attach (QuiltCall *self, const char *key, gpointer data, GDestroyNotify free)
{
  g_datalist_set_data_full (&self->attached, key, data, free);
}

gpointer
quilt_call_get_attached (const QuiltCall *self, const char *key)
{
  return g_datalist_get_data ((GData **)&self->attached, key);
}

gpointer
quilt_call_steal_attached (QuiltCall *self, const char *key)
{
  return g_datalist_id_remove_no_notify (&self->attached, g_quark_from_string (key));
}

void
quilt_call_set_answer_type (QuiltCall *self, const char *type)
{
  self->answer_type = type;
}

/* Takes ownership of fd; -1: none. */
static void
answer (QuiltCall *self, QuiltDbusMessage *message, int fd)
{
  g_autofd int owned = fd;

  message->reply_serial = self->head.serial;
  message->destination = self->head.sender;
  message->flags = QUILT_DBUS_NO_REPLY_EXPECTED;
  message->n_fds = fd >= 0 ? 1 : 0;
  if (!(self->head.flags & QUILT_DBUS_NO_REPLY_EXPECTED))
    quilt_dbus_send (self->bus, message, fd >= 0 ? g_memdup2 (&owned, sizeof owned) : NULL);
  else
    quilt_fd_clear (&owned);
  g_steal_fd (&owned);
}

void
quilt_call_return_fd (QuiltCall *self, GVariant *value, int fd)
{
  g_autoptr (QuiltCall) owned = self;
  g_autoptr (GVariant) body = value ? g_variant_ref_sink (value) : NULL;
  QuiltDbusMessage message = {.type = QUILT_DBUS_RETURN, .body = body};
  const char *type = body ? g_variant_get_type_string (body) : "()";

  if (self->answer_type && !g_str_equal (type, self->answer_type))
    g_critical ("The answer to %s has the type '%s' instead of '%s'", self->head.member, type,
                self->answer_type);
  answer (self, &message, fd);
}

void
quilt_call_return (QuiltCall *self, GVariant *value)
{
  quilt_call_return_fd (self, value, -1);
}

void
quilt_call_fail (QuiltCall *self, const char *name, const char *text, GVariant *details)
{
  g_autoptr (QuiltCall) owned = self;
  g_autoptr (GVariant) body = g_variant_ref_sink (
      details ? g_variant_new ("(s@a{sv})", text, details) : g_variant_new ("(s)", text));
  QuiltDbusMessage message = {.type = QUILT_DBUS_ERROR_REPLY, .error_name = name, .body = body};

  answer (self, &message, -1);
}

void
quilt_call_watch_caller (QuiltCall *self, void (*func) (gpointer data), gpointer data)
{
  quilt_callers_watch (self->callers, quilt_call_get_sender (self), func, data);
}

void
quilt_call_unwatch_caller (QuiltCall *self, gpointer data)
{
  quilt_callers_unwatch (self->callers, quilt_call_get_sender (self), data);
}

QuiltCallRefusal
quilt_call_get_refusal (const QuiltCall *self)
{
  return self->refusal;
}

gboolean
quilt_call_has_at_most (const QuiltCall *self, guint values)
{
  return quilt_dbus_message_has_at_most (self->data, self->size, values);
}
