/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of a container's process. */
#pragma once

#include "spec/oci/oci.h"

/* Adds NAME=VALUE in the place of any other value. */
void quilt_oci_environment_set (QuiltProcess *process, const char *name, const char *value);

/* Adds each "NAME=VALUE" of more in the place of any other value. */
void quilt_oci_environment_add (QuiltProcess *process, char *const *more);
