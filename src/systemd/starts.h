/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts of scopes: repeats a start that an older scope or a stopping slice is in the way of. */
#pragma once

#include "dbus/client.h"
#include "systemd/gone.h"

typedef struct QuiltStarts QuiltStarts;

/* Borrows dbus, and gone, which tells when an older scope of the same name is gone. */
QuiltStarts *quilt_starts_new (QuiltDbus *dbus, QuiltGone *gone);
/* Finishes all unfinished tasks with CANCELLED. */
void quilt_starts_free (QuiltStarts *self);

/* See quilt_systemd_start_scope_async(). The result is the boolean of a GTask. */
void quilt_starts_start_scope_async (QuiltStarts *self,
                                     const char *unit,
                                     GVariant *properties,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data);
