/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of a container's process. */
#pragma once

#include "spec/oci/oci.h"

/* Sets NAME=VALUE, and replaces an earlier value. */
void quilt_environment_set (QuiltProcess *process, const char *name, const char *value);

/* Sets each "NAME=VALUE" of more, and replaces earlier values. */
void quilt_environment_add (QuiltProcess *process, char *const *more);

/* Adds the programs of a mask of QuiltProvide to the end of PATH, and names its certificates in
 * variables that are not set yet. */
void quilt_environment_provide (QuiltProcess *process, guint provide);
