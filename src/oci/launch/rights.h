/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes rights that quilt-oci can't give, since it does not have them itself. */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

/* Leaves such capabilities out, and says so: config.md, "Linux Process", wants a warning, not a
 * failure. In a new user namespace there are all of them. */
void quilt_oci_leave_out_capabilities (const QuiltOci *oci, QuiltSpec *spec);
