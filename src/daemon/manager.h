/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Manager: from methods to what they do. */
#pragma once

#include "daemon/daemon.h"
#include "dbus/quilt-bus.h"

#define QUILT_TYPE_MANAGER (quilt_manager_get_type ())
G_DECLARE_FINAL_TYPE (QuiltManager, quilt_manager, QUILT, MANAGER, QuiltBusManagerSkeleton)

/* reload reads the configuration again; it is the same that SIGHUP calls. */
QuiltManager *quilt_manager_new (QuiltDaemon *daemon,
                                 gboolean (*reload) (gpointer data, GError **error),
                                 gpointer data);

/* Sets the properties that tell what this host can limit, now and with this configuration. */
void quilt_manager_look_for_limits (QuiltManager *self);
