/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes capabilities that quilt-oci can't give, since it lacks them itself. */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

/* Removes such capabilities with a warning: config.md, "Linux Process", demands that instead of a
 * failure. In a new user namespace, all capabilities are available. */
void quilt_oci_leave_out_capabilities (const QuiltOci *oci, QuiltSpec *spec);
