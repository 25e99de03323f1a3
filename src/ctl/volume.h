/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --volume and --mount are on the bus; see spec/volume.h. */
#pragma once

#include <glib.h>

/* The words of both, each NULL or NULL-terminated, as one list, the caller's. A path that begins
 * here or above is completed, since quiltd has another directory; other mistakes of --volume are
 * quiltd's to find. Of "type=bind,source=PATH,destination=PATH[,OPTION…]", as podman and docker
 * have it: INVALID_ARGUMENT or NOT_SUPPORTED naming the word. */
char **quilt_volumes_new (char *const *volumes, char *const *mounts, GError **error);
