/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the id maps of an existing user namespace. */
#pragma once

#include "spec/oci/oci.h"

/* If spec joins a user namespace without giving its maps, adds the maps that the kernel shows. The
 * caller must have one thread and be allowed to enter the namespace. Errors: those of
 * quilt_spec_learn_id_maps(), INVALID_ARGUMENT if it is not a user namespace or is the caller's
 * own, FAILED. */
gboolean quilt_ids_learn (QuiltSpec *spec, GError **error);
