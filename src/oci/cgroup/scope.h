/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transient scope of a container, asked of systemd: org.freedesktop.systemd1(5). Blocking. */
#pragma once

#include "oci/cgroup/place.h"

/* Connects to systemd, ahead of what needs it and connects if that was not done: systemd takes its
 * time to answer. Nobody reads what it says to all, so a connection is not to be kept for long; it
 * ends with self, too. */
gboolean quilt_oci_scope_connect (QuiltOciCgroup *self, GError **error);
void quilt_oci_scope_disconnect (QuiltOciCgroup *self);

/* Makes the scope self->unit in self->slice with the process in it, the limits of writes (see
 * spec/oci/cgroup.h) as properties, and those of the annotations "org.systemd.property.NAME", whose
 * values are GVariant's text; returns when it is there. */
gboolean quilt_oci_scope_start (QuiltOciCgroup *self,
                                const char *id,
                                pid_t pid,
                                GHashTable *annotations,
                                const GPtrArray *writes,
                                GError **error);

/* Tells systemd of new limits, so that it does not put the old ones back when it reloads. */
gboolean quilt_oci_scope_update (QuiltOciCgroup *self, const GPtrArray *writes, GError **error);

/* Stops the scope, which contains no process any more; no error if it is gone. */
gboolean quilt_oci_scope_stop (QuiltOciCgroup *self, GError **error);

/* The cgroup of the scope of that name, if its description is the one that container id has; NULL
 * in *ret_path if systemd has no such scope, or if the scope has no cgroup. */
gboolean
quilt_oci_scope_find (QuiltOciCgroup *self, const char *id, char **ret_path, GError **error);
