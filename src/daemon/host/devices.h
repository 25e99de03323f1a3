/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resolves the paths of --device on this host. */
#pragma once

#include "spec/options/devices.h"
#include "spec/options/options.h"

/* Adds to devices what options ask for; a directory stands for all devices below it. Nothing is
 * opened. INVALID_ARGUMENT naming what is not there or is no device. */
gboolean quilt_devices_resolve (const QuiltOptions *options, GArray *devices, GError **error);
