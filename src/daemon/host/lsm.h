/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the security profile or label of a container on this host. */
#pragma once

#include "spec/oci/oci.h"

/* Adds to spec the profile or labels that options ask for, or the defaults, if this host's kernel
 * can enforce them. If a requested one can't be enforced, sets NOT_SUPPORTED or INVALID_ARGUMENT.
 * Defaults that can't be enforced are left out, which inspect and doctor show. */
gboolean
quilt_lsm_complete (QuiltSpec *spec, const QuiltOptions *options, const char *id, GError **error);
