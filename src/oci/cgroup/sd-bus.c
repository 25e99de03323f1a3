/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd-bus(3), loaded when systemd is asked for something. */
#include "oci/cgroup/sd-bus.h"

#include "base/libsystemd.h"

gboolean
quilt_sd_bus_load (QuiltSdBus *ret_library, GError **error)
{
  static const char *const names[] = {
#define NAME(name) "sd_bus_" #name,
      QUILT_SD_BUS_FUNCTIONS (NAME)
#undef NAME
          NULL};

  return quilt_libsystemd_load (names, ret_library, sizeof *ret_library, error);
}
