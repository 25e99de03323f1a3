/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps our own program from the containers that we start (CVE-2019-5736). */
#pragma once

#include <glib.h>

/* What becomes a container's process is our program until it executes the command, and by that
 * /proc/self/exe is a way for the container to our file. So we are executed once more, from a
 * detached mount of that file that is read-only for ever; where no mount can be made, from a sealed
 * copy in memory. Does not return from that; FALSE with errno if it can't be done, TRUE if it is
 * already so. The first thing of a program: what it did before is done twice. */
gboolean quilt_oci_shield (char **argv);
