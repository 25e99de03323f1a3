/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests to attach clients to a run, until its supervisor answers them. */
#include "daemon/containers/run-clients.h"

void
quilt_run_clients_init (QuiltRunClients *self)
{
  *self = (QuiltRunClients){.tasks = g_hash_table_new (NULL, NULL)};
}

static void
fail (GTask *task, QuiltError code, const char *why)
{
  g_task_return_new_error (task, QUILT_ERROR, (int)code, "%s", why);
  g_object_unref (task);
}

void
quilt_run_clients_fail (QuiltRunClients *self, QuiltError code, const char *why)
{
  GHashTableIter iter;
  gpointer task;

  g_hash_table_iter_init (&iter, self->tasks);
  while (g_hash_table_iter_next (&iter, NULL, &task)) {
    g_hash_table_iter_steal (&iter);
    fail (task, code, why);
  }
}

void
quilt_run_clients_clear (QuiltRunClients *self)
{
  quilt_run_clients_fail (self, QUILT_ERROR_INVALID_STATE, "The container has just ended");
  g_clear_pointer (&self->tasks, g_hash_table_unref);
}

/* Sends the message with the descriptors of the client, in the order of their flags. */
static gboolean
send_client (QuiltHelper *supervisor, QuiltMessage *message, const QuiltRunClient *client)
{
  const struct {
    int fd;
    QuiltMessageFlags flag;
  } all[] = {{client->out, QUILT_MESSAGE_FLAG_STDOUT},
             {client->err, QUILT_MESSAGE_FLAG_STDERR},
             {client->in, QUILT_MESSAGE_FLAG_STDIN},
             {client->leash, QUILT_MESSAGE_FLAG_LEASH}};
  int fds[G_N_ELEMENTS (all)];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    if (all[i].fd < 0)
      continue;
    message->flags |= all[i].flag;
    fds[n++] = all[i].fd;
  }
  return quilt_helper_send_body (supervisor, message, fds, n, NULL);
}

void
quilt_run_clients_attach (QuiltRunClients *self,
                          QuiltHelper *supervisor,
                          const QuiltRunClient *client,
                          GTask *task)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_ATTACH);
  message.request = ++self->last_request;
  message.lines = client->lines;
  if (supervisor && !quilt_helper_answers (supervisor))
    fail (task, QUILT_ERROR_NOT_SUPPORTED,
          "The container's supervisor is of an earlier version of Quilt, which can't do this; "
          "restart the container");
  else if (!supervisor || !send_client (supervisor, &message, client))
    fail (task, QUILT_ERROR_BUSY, "The container's supervisor can't be reached now; try again");
  else
    g_hash_table_insert (self->tasks, GUINT_TO_POINTER (message.request), task);
}

gboolean
quilt_run_clients_answer (QuiltRunClients *self, const QuiltMessage *answer)
{
  gpointer task;

  if (answer->request == 0)
    return FALSE;
  if (!g_hash_table_steal_extended (self->tasks, GUINT_TO_POINTER (answer->request), NULL, &task))
    return TRUE;
  if (answer->type == QUILT_MESSAGE_ATTACHED) {
    g_task_return_boolean (task, (answer->flags & QUILT_MESSAGE_FLAG_STDIN) != 0);
    g_object_unref (task);
  } else
    fail (task, (QuiltError)answer->code, answer->text);
  return TRUE;
}

QuiltMessage
quilt_run_clients_size (guint32 columns, guint32 rows)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_RESIZE);
  message.columns = columns;
  message.rows = rows;
  return message;
}
