/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes capabilities that quilt-oci can't give, since it lacks them itself. */
#include "oci/launch/rights.h"

#include "spec/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

void
quilt_oci_leave_out_capabilities (const QuiltOci *oci, QuiltSpec *spec)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  QuiltCapabilities *caps = &spec->process.capabilities;
  guint64 *const sets[] = {&caps->bounding, &caps->effective, &caps->permitted, &caps->inheritable,
                           &caps->ambient};
  g_autoptr (GString) names = g_string_new (NULL);
  guint64 ours, missing = 0;

  /* An ambient capability must also be permitted and inheritable. Engines write others anyway, and
   * other runtimes drop them. */
  caps->ambient &= caps->permitted & caps->inheritable;
  if (quilt_spec_leaves_host (spec, QUILT_NS_USER) || syscall (SYS_capget, &header, data) < 0)
    return;
  ours = (guint64)data[1].permitted << 32 | data[0].permitted;
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++) {
    missing |= *sets[i] & ~ours;
    *sets[i] &= ours;
  }
  for (guint cap = 0; cap < 64; cap++)
    if (missing >> cap & 1)
      g_string_append_printf (names, " %s", quilt_capability_to_name (cap));
  if (missing)
    quilt_oci_log_warning (oci->log, "Left out capabilities that quilt-oci does not have itself:%s",
                           names->str);
}
