/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of paths for mounts: on the host, and in a container. */
#pragma once

#include <glib.h>

/* The reason why path is not absolute and plain, without "//", "." and "..", or is too long. NULL
 * if it is valid. */
const char *quilt_path_refusal (const char *path);

/* The reason why a requested mount can't be at path in a container. NULL if it can. */
const char *quilt_place_refusal (const char *path);
