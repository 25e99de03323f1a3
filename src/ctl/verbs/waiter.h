/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a container's exit code, also over the end of the quiltd that was asked. */
#pragma once

#include "ctl/ctl.h"

typedef struct QuiltWaiter QuiltWaiter;

/* error: NULL on success; the result holds for WaitContainer's as dbus/org.quilt.xml says. */
typedef void (*QuiltWaitDone) (int exit_code,
                               const char *reason,
                               const GError *error,
                               gpointer data);

/* Asks for the end of the container with this ID; done is called once, on the main loop. While
 * quiltd is away, waits until it comes back by itself. */
QuiltWaiter *quilt_waiter_new (QuiltCtl *ctl, const char *id, QuiltWaitDone done, gpointer data);

/* From now on the container is known or likely to have ended: where quiltd is away, have the bus
 * start it, and give up after a while. */
void quilt_waiter_hurry (QuiltWaiter *waiter);

void quilt_waiter_free (QuiltWaiter *waiter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltWaiter, quilt_waiter_free)
