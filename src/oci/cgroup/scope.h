/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes, changes and stops the transient scope of a container, by calls of systemd that block:
 * org.freedesktop.systemd1(5). */
#pragma once

#include "oci/cgroup/place.h"

/* Connects to systemd early, since systemd takes time to answer. The other functions connect if
 * this was not called. quilt-oci does not read the signals that systemd sends to all connections,
 * so do not keep a connection for long. quilt_oci_cgroup_clear() closes it too. */
gboolean quilt_oci_scope_connect (QuiltOciCgroup *self, GError **error);
void quilt_oci_scope_disconnect (QuiltOciCgroup *self);

/* Makes the scope self->unit in self->slice with the process in it, and waits for it. Its
 * properties come from the limits of writes (see spec/oci/cgroup.h), and from the annotations
 * "org.systemd.property.NAME", which have values in GVariant's text form. */
gboolean quilt_oci_scope_start (QuiltOciCgroup *self,
                                const char *id,
                                pid_t pid,
                                GHashTable *annotations,
                                const GPtrArray *writes,
                                GError **error);

/* Tells systemd of new limits, so that it does not put the old ones back when it reloads. */
gboolean quilt_oci_scope_update (QuiltOciCgroup *self, const GPtrArray *writes, GError **error);

/* Stops the scope, in which no process is left. Succeeds if the scope is gone. */
gboolean quilt_oci_scope_stop (QuiltOciCgroup *self, GError **error);

/* For a container that is deleted: sets *ret_path to the cgroup of the scope self->unit, if the
 * scope has the description of the container id. Otherwise, and if there is no such scope, sets
 * NULL. If that scope has not started yet, stops it and sets NULL. */
gboolean
quilt_oci_scope_find (QuiltOciCgroup *self, const char *id, char **ret_path, GError **error);
