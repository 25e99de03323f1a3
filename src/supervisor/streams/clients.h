/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients that are attached to a running container: each gets a copy of the output, and may
 * pass input on. The container waits for none of them. */
#pragma once

#include "supervisor/streams/output.h"
#include "supervisor/streams/sources.h"

#define QUILT_CLIENTS_MAX 1024

/* Descriptors of a client, all non-blocking; -1: none. */
typedef struct {
  int in;                   /* reading end of a pipe */
  int out[QUILT_N_STREAMS]; /* writing ends of pipes */
  /* reading end of a pipe, of which the client holds the other end until it leaves */
  int leash;
} QuiltClientFds;

typedef struct {
  QuiltOutput *outputs;  /* borrowed, as are the sources */
  QuiltSources *sources; /* NULL until the loop begins */
  GPtrArray *clients;
  guint most; /* the most clients since their memory was returned */
  gboolean takes_input;
  /* where input goes, non-blocking: the master of the container's terminal, or the writing end of a
   * pipe; -1: neither yet */
  int input;
  gboolean is_terminal;
  gboolean is_open; /* the command is executed. Before, input would go to setup steps */
} QuiltClients;

void quilt_clients_init (QuiltClients *self, QuiltOutput *outputs, gboolean takes_input);
void quilt_clients_clear (QuiltClients *self);

/* From now on the loop waits for the clients too. */
void quilt_clients_start (QuiltClients *self, QuiltSources *sources);
/* Takes ownership of input. */
void quilt_clients_set_input (QuiltClients *self, int input, gboolean is_terminal);
/* The command is executed, and gets the input from now on. */
void quilt_clients_open (QuiltClients *self);

/* The command reads the end of its input, once it has read the rest. */
void quilt_clients_end_input (QuiltClients *self);

/* Adds a client, and takes ownership of its descriptors. Sends it the last lines of output first.
 * Its input is dropped if the container takes none. When the input ends before the leash does, the
 * input of a container without a terminal ends too. Returns FALSE if there are too many clients. */
gboolean quilt_clients_add (QuiltClients *self, const QuiltClientFds *fds, guint64 lines);

/* Lets go of the clients that were too slow, who see that their leash is closed, and of those whose
 * pipes are all closed. */
void quilt_clients_sweep (QuiltClients *self);
