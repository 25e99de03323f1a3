/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests to attach clients to a run, until its supervisor answers them. */
#pragma once

#include "base/error.h"
#include "daemon/helpers/helper.h"

#include <gio/gio.h>

/* All descriptors are non-blocking; -1: none. */
typedef struct {
  int in, out, err, leash;
  guint32 lines; /* of output that the client gets first */
} QuiltRunClient;

typedef struct {
  GHashTable *tasks; /* request → GTask */
  guint32 last_request;
} QuiltRunClients;

void quilt_run_clients_init (QuiltRunClients *self);
/* The run is over: INVALID_STATE for all tasks. */
void quilt_run_clients_clear (QuiltRunClients *self);
/* The supervisor will not answer the requests of today. */
void quilt_run_clients_fail (QuiltRunClients *self, QuiltError code, const char *why);

/* Sends the descriptors, which the caller keeps, to the supervisor (NULL: not connected). Takes
 * ownership of the task, and returns it as a boolean: whether the client's input is taken. Errors:
 * INVALID_STATE, BUSY, NOT_SUPPORTED by the supervisor of an earlier quiltd, QUOTA_EXCEEDED. */
void quilt_run_clients_attach (QuiltRunClients *self,
                               QuiltHelper *supervisor,
                               const QuiltRunClient *client,
                               GTask *task);
/* Handles a message of the supervisor, and returns whether it is an answer to a request. */
gboolean quilt_run_clients_answer (QuiltRunClients *self, const QuiltMessage *answer);
/* The message that sets the size of the container's terminal. */
QuiltMessage quilt_run_clients_size (guint32 columns, guint32 rows);
