/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The id maps of a user namespace that is there already. */
#pragma once

#include "spec/oci/oci.h"

/* If spec joins a user namespace and leaves its maps out, adds what the kernel says they are. The
 * caller has one thread and may enter the namespace. Errors: of quilt_spec_learn_id_maps(),
 * INVALID_ARGUMENT if it is no user namespace or the caller's own, FAILED. */
gboolean quilt_ids_learn (QuiltSpec *spec, GError **error);
