/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Confinement by a security module, AppArmor or SELinux, from the execution of the command on. */
#pragma once

#include "spec/oci/oci.h"

/* Asks the kernel for the profile and the label of process at the next execve(2), also of children
 * that are forked until then. To be called while /proc is still the host's. Child-safe: allocates
 * nothing; 0 or -errno, and *ret_object is the profile or label that failed. */
int quilt_lsm_apply (const QuiltProcess *process, const char **ret_object);
