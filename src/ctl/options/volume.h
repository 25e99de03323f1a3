/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --volume and --mount are on the bus; see spec/options/volume.h. */
#pragma once

#include <glib.h>

/* The words of both, each NULL or NULL-terminated, as one list (quilt_volume_shape), floating. A
 * path that begins here or above is completed, since quiltd has another directory; what paths and
 * options may be is quiltd's to check. INVALID_ARGUMENT or NOT_SUPPORTED naming the word, for what
 * is neither "HOST-PATH:PATH[:OPTION,…]" nor "type=bind,source=PATH,destination=PATH[,OPTION…]", as
 * podman and docker have them. */
GVariant *quilt_volumes_new (char *const *volumes, char *const *mounts, GError **error);
