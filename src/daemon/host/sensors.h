/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hides the files that show the temperature of the host's processors, and so reveal what others
 * compute. */
#pragma once

#include "spec/oci/oci.h"

/* If spec masks any paths, also masks cpuN/thermal_throttle below directory, which is
 * /sys/devices/system/cpu; see ABI/stable/sysfs-devices-system-cpu of the kernel. */
void quilt_sensors_mask (QuiltSpec *spec, const char *directory);
