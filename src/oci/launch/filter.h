/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gets the compiled filter of linux.seccomp, from the cache or from quilt-seccomp. */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

/* Sets spec->filter if spec->seccomp is set. Loading libseccomp and compiling take longer than the
 * rest of a start. So a helper compiles each filter once per boot. */
gboolean quilt_oci_filter_get (const QuiltOci *oci, QuiltSpec *spec, GError **error);
