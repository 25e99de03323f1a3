/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for the exit code of a container or a session, even if quiltd ends meanwhile. */
#pragma once

#include "ctl/ctl.h"

typedef struct QuiltWaiter QuiltWaiter;

/* error is NULL on success. exit_code and reason are those of WaitContainer; see
 * dbus/org.quilt.xml. */
typedef void (*QuiltWaitDone) (int exit_code,
                               const char *reason,
                               const GError *error,
                               gpointer data);

/* Waits for the end of the container with this ID, or of a session in it (NULL: none). Calls done
 * once, on the main loop. While quiltd is away, waits until it is started. */
QuiltWaiter *quilt_waiter_new (
    QuiltCtl *ctl, const char *id, const char *session, QuiltWaitDone done, gpointer data);

/* The container has ended, or probably has. If quiltd is away, from now on lets the bus start it,
 * and gives up after a time limit. */
void quilt_waiter_hurry (QuiltWaiter *waiter);

void quilt_waiter_free (QuiltWaiter *waiter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltWaiter, quilt_waiter_free)
