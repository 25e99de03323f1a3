/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Confinement by a security module, AppArmor or SELinux, from the execution of the command on. */
#pragma once

#include "spec/oci/oci.h"

/* Asks the kernel to apply the profile and label of process at the next execve(2), also in children
 * forked until then. Must be called while /proc is still the host's. Child-safe. Returns 0 or
 * -errno; *ret_object is then the profile or label that failed. */
int quilt_lsm_apply (const QuiltProcess *process, const char **ret_object);
