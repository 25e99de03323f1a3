/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses --volume and --mount; see spec/options/volume.h. */
#pragma once

#include <glib.h>

/* The values of both options, each NULL or NULL-terminated, as one list (quilt_volume_shape),
 * floating. Relative paths that begin with "." or ".." are completed, since quiltd has another
 * working directory. quiltd checks paths and options. Sets INVALID_ARGUMENT or NOT_SUPPORTED,
 * naming the word, if a value has not the form "HOST-PATH:PATH[:OPTION,…]" or
 * "type=bind,source=PATH,destination=PATH[,OPTION…]" of podman and docker. */
GVariant *quilt_volumes_new (char *const *volumes, char *const *mounts, GError **error);
