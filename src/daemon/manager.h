/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Manager: the handlers of its methods. */
#pragma once

#include "daemon/daemon.h"

typedef struct QuiltManager QuiltManager;

/* Puts itself on the bus. daemon, which is borrowed, must outlive it. reload reads the
 * configuration again; SIGHUP calls it too. */
QuiltManager *quilt_manager_new (QuiltDaemon *daemon,
                                 gboolean (*reload) (gpointer data, GError **error),
                                 gpointer data);

void quilt_manager_free (QuiltManager *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltManager, quilt_manager_free)

/* Updates the properties that tell which limits this host can enforce. */
void quilt_manager_look_for_limits (QuiltManager *self);
