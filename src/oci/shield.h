/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Protects our own program file from the containers that we start (CVE-2019-5736). */
#pragma once

#include <glib.h>

/* Until it executes the command, a container's process runs our program, and /proc/self/exe leads
 * from the container to our file. So we execute ourselves again, from a detached mount of our file
 * that is read-only for ever. If no mount can be made, we use a sealed copy in memory. This
 * function does not return from that. Returns FALSE with errno set on failure, and TRUE if we are
 * protected already. Call it first: whatever is done before is done twice. */
gboolean quilt_oci_shield (char **argv);
