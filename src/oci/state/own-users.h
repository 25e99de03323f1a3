/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user namespace for callers who are not root, in which they are root. The namespaces of their
 * containers are inside it. It is like that of unshare(1) --map-root-user. It gives these
 * callers the abilities of a rootless engine, which calls us in its own user namespace. */
#pragma once

#include "spec/oci/oci.h"

/* Enters a new user namespace with a new mount namespace. Of the host's ids it has only the
 * caller's. Afterwards we must execute ourselves again: only then do our files in /proc belong to
 * the namespace's root. Returns FALSE with errno set; TRUE also if there is nothing to do. Call it
 * before anything else. */
gboolean quilt_oci_own_users_enter (void);

/* Enters the user namespace of the container that pid belongs to, and executes us again. Returns on
 * failure, and if there is nothing to do. */
gboolean quilt_oci_own_users_join (pid_t pid, GError **error);

/* The caller's ids outside of our user namespace. Returns FALSE if we are not in one. */
gboolean quilt_oci_own_users_get (guint32 *ret_uid, guint32 *ret_gid);

/* Translates the maps of spec, which use the host's ids, for our user namespace. NOT_SUPPORTED if
 * they contain ids other than the caller's. */
gboolean quilt_oci_own_users_translate (QuiltSpec *spec, GError **error);
