/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the host's ids for a new container, by its option userns. */
#pragma once

#include "daemon/containers/containers.h"

/* Both maps are NULL if the container has the host's own ids; take a reference to keep them. A
 * range in the maps must be claimed before the callback returns. user is the user for whom the
 * container is, in the form of the option user; NULL: no particular user. */
typedef void (*QuiltCreateIdsFunc) (
    GArray *uid_map, GArray *gid_map, const char *user, const GError *error, gpointer data);

/* userns is a checked value of that option, NULL: the default. caller is a uid. Calls back at once,
 * or after a thread has asked the host's name services. BUSY if another container has the ids;
 * INVALID_ARGUMENT if root would keep its own ids. */
void quilt_create_ids (QuiltContainers *containers,
                       const char *userns,
                       guint32 caller,
                       QuiltCreateIdsFunc callback,
                       gpointer data);
