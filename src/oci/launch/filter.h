/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The compiled filter of linux.seccomp: from the cache, or of quilt-seccomp. */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

/* Sets spec->filter if spec->seccomp is there. To compile one takes longer than all else of a
 * start, and libseccomp with it, so each is compiled once per boot, by a helper. */
gboolean quilt_oci_filter_get (const QuiltOci *oci, QuiltSpec *spec, GError **error);
