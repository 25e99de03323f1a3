/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resolves the paths of --device on this host. */
#pragma once

#include "spec/options/devices.h"
#include "spec/options/options.h"

/* Adds the devices that options ask for; a directory means all devices below it. Opens nothing.
 * INVALID_ARGUMENT names a path that is missing or not a device. */
gboolean quilt_devices_resolve (const QuiltOptions *options, GArray *devices, GError **error);
