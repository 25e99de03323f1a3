/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients that are attached to a running container. */
#include "supervisor/streams/clients.h"

#include "base/fd.h"
#include "runtime/relay.h"

#include <malloc.h>

/* Twice the pages of a pipe: each is read, and written. */
#define LAST_MOVES 32
/* So many clients may leave much memory behind: 4 KiB each, more if they read slowly. */
#define MANY_CLIENTS 32

typedef struct {
  QuiltClients *clients;
  QuiltAttachment out[QUILT_N_STREAMS];
  QuiltRelay in;
  int leash;
} Client;

static void
drop_input (Client *client)
{
  quilt_fd_clear (&client->in.from);
  client->in = (QuiltRelay)QUILT_RELAY_NONE;
  client->in.to = -1;
}

static void
client_free (gpointer data)
{
  Client *client = data;
  QuiltClients *self = client->clients;

  for (guint i = 0; i < QUILT_N_STREAMS; i++) {
    quilt_output_unfollow (&self->outputs[i], &client->out[i]);
    if (self->sources)
      quilt_sources_remove (self->sources, &client->out[i]);
    quilt_attachment_clear (&client->out[i]);
  }
  if (self->sources)
    quilt_sources_remove (self->sources, client);
  drop_input (client);
  quilt_fd_clear (&client->leash);
  g_free (client);
}

void
quilt_clients_init (QuiltClients *self, QuiltOutput *outputs, gboolean takes_input)
{
  *self = (QuiltClients){.outputs = outputs, .takes_input = takes_input, .input = -1};
  self->clients = g_ptr_array_new_with_free_func (client_free);
}

void
quilt_clients_clear (QuiltClients *self)
{
  g_clear_pointer (&self->clients, g_ptr_array_unref);
  quilt_fd_clear (&self->input);
}

static struct pollfd
poll_leash (gconstpointer data)
{
  const Client *client = data;

  return (struct pollfd){client->leash, 0, 0}; /* POLLHUP is always reported */
}

/* Passes on what the client has written, as far as the container takes it now. */
static void
move_the_rest (Client *client)
{
  struct pollfd ready = quilt_relay_poll (&client->in);

  for (guint i = 0; i < LAST_MOVES && client->in.from >= 0 && poll (&ready, 1, 0) > 0; i++) {
    quilt_relay_move (&client->in, ready.revents);
    ready = quilt_relay_poll (&client->in);
  }
}

/* Returns the memory of clients that have left to the kernel. The C library keeps freed memory if
 * it lies below memory in use. */
static void
tidy (QuiltClients *self)
{
  if (self->most < MANY_CLIENTS || self->clients->len > self->most / 4)
    return;
  malloc_trim (0);
  self->most = self->clients->len;
}

/* The client has left. The container's input stays open for the next. */
static void
handle_leash (gpointer data, short revents)
{
  Client *client = data;
  QuiltClients *self = client->clients;
  int from = client->in.from;

  if (self->is_open && client->in.to >= 0)
    move_the_rest (client);
  client->in.from = from; /* to be closed, also after its end */
  g_ptr_array_remove (self->clients, client);
  tidy (self);
}

static struct pollfd
poll_input (gconstpointer data)
{
  const Client *client = data;

  return client->clients->is_open && client->in.to >= 0 ? quilt_relay_poll (&client->in)
                                                        : (struct pollfd){-1, 0, 0};
}

void
quilt_clients_end_input (QuiltClients *self)
{
  for (guint i = 0; i < self->clients->len; i++)
    drop_input (self->clients->pdata[i]);
  quilt_fd_clear (&self->input);
  self->takes_input = FALSE;
}

/* A terminal has no end of input: its user types Ctrl-D. */
static void
handle_input (gpointer data, short revents)
{
  Client *client = data;
  int from = client->in.from;

  if (from < 0)
    return;
  quilt_relay_move (&client->in, revents);
  if (client->in.from >= 0)
    return;
  client->in.from = from;
  if (client->clients->is_terminal)
    drop_input (client);
  else
    quilt_clients_end_input (client->clients);
}

static struct pollfd
poll_attachment (gconstpointer attachment)
{
  return quilt_attachment_poll (attachment);
}

static void
handle_attachment (gpointer attachment, short revents)
{
  quilt_attachment_handle (attachment, revents);
}

/* The leash comes first: a client that is killed has not ended its input. */
static void
add_sources (QuiltClients *self, Client *client)
{
  quilt_sources_add (self->sources, poll_leash, handle_leash, client);
  quilt_sources_add (self->sources, poll_input, handle_input, client);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_sources_add (self->sources, poll_attachment, handle_attachment, &client->out[i]);
}

void
quilt_clients_start (QuiltClients *self, QuiltSources *sources)
{
  self->sources = sources;
  for (guint i = 0; i < self->clients->len; i++)
    add_sources (self, self->clients->pdata[i]);
}

void
quilt_clients_set_input (QuiltClients *self, int input, gboolean is_terminal)
{
  quilt_fd_clear (&self->input);
  self->input = input;
  self->is_terminal = is_terminal;
  for (guint i = 0; i < self->clients->len; i++) {
    Client *client = self->clients->pdata[i];

    client->in.to = input;
  }
}

void
quilt_clients_open (QuiltClients *self)
{
  self->is_open = TRUE;
}

gboolean
quilt_clients_add (QuiltClients *self, const QuiltClientFds *fds, guint64 lines)
{
  Client *client;

  if (self->clients->len >= QUILT_CLIENTS_MAX)
    return FALSE;
  client = g_new0 (Client, 1);
  *client = (Client){.clients = self, .in = {.from = fds->in, .to = self->input}};
  if (!self->takes_input)
    drop_input (client);
  client->leash = fds->leash;
  g_ptr_array_add (self->clients, client);
  self->most = MAX (self->most, self->clients->len);
  for (guint i = 0; i < QUILT_N_STREAMS; i++) {
    quilt_attachment_init (&client->out[i], fds->out[i]);
    quilt_output_follow (&self->outputs[i], &client->out[i], lines);
  }
  if (self->sources)
    add_sources (self, client);
  return TRUE;
}

/* Whether the client was too slow, or has neither a leash nor an open pipe. */
static gboolean
is_over (const Client *client)
{
  gboolean is_lost = FALSE, is_open = client->leash >= 0 || client->in.from >= 0;

  for (guint i = 0; i < QUILT_N_STREAMS; i++) {
    is_lost = is_lost || client->out[i].is_lost;
    is_open = is_open || client->out[i].fd >= 0;
  }
  return is_lost || !is_open;
}

void
quilt_clients_sweep (QuiltClients *self)
{
  for (guint i = self->clients->len; i > 0; i--)
    if (is_over (self->clients->pdata[i - 1]))
      g_ptr_array_remove_index (self->clients, i - 1);
  tidy (self);
}
