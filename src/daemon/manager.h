/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Manager: the handlers of its methods. */
#pragma once

#include "daemon/daemon.h"
#include "dbus/quilt-bus.h"

#define QUILT_TYPE_MANAGER (quilt_manager_get_type ())
G_DECLARE_FINAL_TYPE (QuiltManager, quilt_manager, QUILT, MANAGER, QuiltBusManagerSkeleton)

/* reload reads the configuration again; SIGHUP calls it too. */
QuiltManager *quilt_manager_new (QuiltDaemon *daemon,
                                 gboolean (*reload) (gpointer data, GError **error),
                                 gpointer data);

/* Updates the properties that tell which limits this host can enforce. */
void quilt_manager_look_for_limits (QuiltManager *self);
