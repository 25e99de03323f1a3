/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which profile or label a container gets on this host. */
#pragma once

#include "spec/oci/oci.h"

/* Completes spec by what the kernel of this host can enforce: the profile or the labels that
 * options ask for, or the default ones. What was asked for and can't be is NOT_SUPPORTED or
 * INVALID_ARGUMENT; defaults that can't be are left out, which inspect and doctor show. */
gboolean
quilt_lsm_complete (QuiltSpec *spec, const QuiltOptions *options, const char *id, GError **error);
