/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ids of the host a new container gets: what its option userns means, here and now. */
#pragma once

#include "daemon/containers/containers.h"

/* Both maps are NULL where the container has the host's own ids; the caller's to keep a reference
 * of. A range that is in them has to be claimed before the callback returns. user is whom the
 * container is for, as its option user says it; NULL: nobody in particular. */
typedef void (*QuiltCreateIdsFunc) (
    GArray *uid_map, GArray *gid_map, const char *user, const GError *error, gpointer data);

/* userns is an option's value that passed its checks, NULL the default; caller a uid. Calls back at
 * once, or when a thread has asked the host's name services. BUSY where another container has the
 * ids; INVALID_ARGUMENT where root would keep its own. */
void quilt_create_ids (QuiltContainers *containers,
                       const char *userns,
                       guint32 caller,
                       QuiltCreateIdsFunc callback,
                       gpointer data);
