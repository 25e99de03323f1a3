/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tells how warm the host's processors are, and with that what others compute. */
#pragma once

#include "spec/oci/oci.h"

/* Adds to what spec masks, if it masks anything: cpuN/thermal_throttle below directory, which is
 * /sys/devices/system/cpu; see ABI/stable/sysfs-devices-system-cpu of the kernel. */
void quilt_sensors_mask (QuiltSpec *spec, const char *directory);
