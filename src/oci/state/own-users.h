/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For who is not root: a user namespace in which he is, around those of his containers, as
 * unshare(1) --map-root-user makes it. What he may do there is what a rootless engine may that
 * calls us in a namespace of its own. */
#pragma once

#include "spec/oci/oci.h"

/* Enters a new one, with mounts of its own. Of the host's ids it has his alone. What follows has to
 * be an execution of us: only then do the files of our processes in /proc belong to its root. FALSE
 * with errno; TRUE also where there is nothing to do. Before anything else in a program. */
gboolean quilt_oci_own_users_enter (void);

/* Enters that of the container that pid is of, and executes us anew. Returns on failure, and where
 * there is nothing to do. */
gboolean quilt_oci_own_users_join (pid_t pid, GError **error);

/* In one: the ids of the user outside. FALSE: we are in none. */
gboolean quilt_oci_own_users_get (guint32 *ret_uid, guint32 *ret_gid);

/* The maps of spec, which are of the host's ids, for who is in one. NOT_SUPPORTED where they have
 * more than his own. */
gboolean quilt_oci_own_users_translate (QuiltSpec *spec, GError **error);
