/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that mounts are made of: on the host, and in a container. */
#pragma once

#include <glib.h>

/* Why path is not absolute and plain, without "//", "." and "..", or too long; NULL: it is. */
const char *quilt_path_refusal (const char *path);

/* Why path can't be a place in a container for a mount that was asked for; NULL: it can. */
const char *quilt_place_refusal (const char *path);
