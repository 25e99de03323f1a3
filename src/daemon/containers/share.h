/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that share namespaces: whom an option means, and the descriptors to join them by. */
#pragma once

#include "daemon/containers/container.h"

/* Replaces each container that options name by the ID of whose namespace it is: that one's own
 * sharing is followed, to the host if it leads there. others (of QuiltContainer, referenced) gets
 * all that were met: who may not manage them may not share with them. NOT_FOUND, AMBIGUOUS,
 * INVALID_ARGUMENT where that one does not share. */
gboolean quilt_share_bind (QuiltContainers *containers,
                           QuiltOptions *options,
                           GPtrArray *others,
                           GError **error);

/* Opens the namespaces that options join, in the order of quilt_sharings, and puts the descriptors,
 * which become the caller's, into fds (of int). The kernel's own word is taken for it that they are
 * the other container's, and not of whoever got its pid. NOT_FOUND, INVALID_STATE: it does not
 * run. */
gboolean quilt_share_open (QuiltContainers *containers,
                           const QuiltOptions *options,
                           GArray *fds,
                           GError **error);
