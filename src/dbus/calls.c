/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of a D-Bus client that wait for their answers. */
#include "dbus/calls.h"

#include "base/fd.h"
#include "dbus/error.h"

void
quilt_dbus_incoming_free (QuiltDbusIncoming *self)
{
  if (self->message.body)
    g_variant_unref (self->message.body);
  for (guint i = 0; self->fds && i < self->message.n_fds; i++)
    quilt_fd_clear (&self->fds[i]);
  g_free (self->fds);
  g_free (self->data);
  g_clear_error (&self->error);
  g_free (self);
}

static void
waiting_free (gpointer data)
{
  QuiltDbusWaiting *self = data;

  if (self->unsent)
    g_byte_array_unref (self->unsent);
  g_free (self->reply_type);
  g_free (self);
}

GPtrArray *
quilt_dbus_calls_new (void)
{
  return g_ptr_array_new_with_free_func (waiting_free);
}

QuiltDbusWaiting *
quilt_dbus_calls_add (
    GPtrArray *calls, guint32 serial, const char *type, QuiltDbusReplyFunc func, gpointer data)
{
  QuiltDbusWaiting *call = g_new0 (QuiltDbusWaiting, 1);

  call->serial = serial;
  call->reply_type = g_strdup (type);
  call->func = func;
  call->data = data;
  g_ptr_array_add (calls, call);
  return call;
}

QuiltDbusWaiting *
quilt_dbus_calls_find (GPtrArray *calls, guint32 serial)
{
  for (guint i = 0; i < calls->len; i++) {
    QuiltDbusWaiting *call = g_ptr_array_index (calls, i);

    if (call->serial == serial)
      return call;
  }
  return NULL;
}

gint64
quilt_dbus_calls_begin (QuiltDbusWaiting *call)
{
  if (call->timeout_sec > 0)
    call->deadline = g_get_monotonic_time () + call->timeout_sec * G_USEC_PER_SEC;
  return call->deadline;
}

guint
quilt_dbus_calls_count_sent (const GPtrArray *calls, guint *ret_slow)
{
  guint n = 0;

  *ret_slow = 0;
  for (guint i = 0; i < calls->len; i++) {
    const QuiltDbusWaiting *call = calls->pdata[i];

    n += call->unsent ? 0 : 1;
    *ret_slow += !call->unsent && call->is_slow ? 1 : 0;
  }
  return n;
}

QuiltDbusWaiting *
quilt_dbus_calls_find_unsent (const GPtrArray *calls, gboolean is_slow)
{
  for (guint i = 0; i < calls->len; i++) {
    QuiltDbusWaiting *call = calls->pdata[i];

    if (call->unsent && call->is_slow == is_slow)
      return call;
  }
  return NULL;
}

static void
fill_reply (const QuiltDbusWaiting *call, QuiltDbusIncoming *incoming, QuiltDbusReply *reply)
{
  const QuiltDbusMessage *message = &incoming->message;

  if (incoming->error)
    reply->error = g_steal_pointer (&incoming->error);
  else if (message->type == QUILT_DBUS_ERROR_REPLY)
    reply->error = quilt_dbus_error_new_remote (message->error_name, message->body);
  else if (call->reply_type && !g_variant_is_of_type (message->body, (void *)call->reply_type))
    reply->error = g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_FAILED,
                                "The answer has the type '%s' instead of '%s'",
                                g_variant_get_type_string (message->body), call->reply_type);
  if (reply->error)
    return;
  reply->body = g_variant_ref (message->body);
  reply->n_fds = message->n_fds;
  reply->fds = g_steal_pointer (&incoming->fds);
}

void
quilt_dbus_calls_answer (GPtrArray *calls, QuiltDbusWaiting *call, QuiltDbusIncoming *incoming)
{
  g_auto (QuiltDbusReply) reply = {0};
  guint index;

  if (!g_ptr_array_find (calls, call, &index))
    return;
  g_ptr_array_steal_index (calls, index);
  fill_reply (call, incoming, &reply);
  call->func (&reply, call->data);
  waiting_free (call);
}
