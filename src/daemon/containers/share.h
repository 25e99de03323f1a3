/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that share namespaces: resolves the options, and opens the namespaces to join. */
#pragma once

#include "daemon/containers/container.h"

/* Replaces each container that options name by the ID of the owner of the namespace. If the named
 * container shares its namespace in turn, follows that, possibly to the host. Adds all containers
 * on the way to others (of QuiltContainer, referenced): the caller must be allowed to manage all of
 * them. NOT_FOUND, AMBIGUOUS; INVALID_ARGUMENT if a named container can't be shared with. */
gboolean quilt_share_bind (QuiltContainers *containers,
                           QuiltOptions *options,
                           GPtrArray *others,
                           GError **error);

/* Opens the namespaces that options join, in the order of quilt_sharings, and appends the
 * descriptors to fds (of int), which owns them. Verifies with the kernel that they belong to the
 * other container, and not to a process that got its pid. NOT_FOUND; INVALID_STATE if the other
 * container does not run. */
gboolean quilt_share_open (QuiltContainers *containers,
                           const QuiltOptions *options,
                           GArray *fds,
                           GError **error);
