/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether SELinux is enabled in this kernel. */
#include "base/selinux.h"

#include <linux/magic.h>
#include <sys/vfs.h>

gboolean
quilt_selinux_is_on (void)
{
  struct statfs fs;

  return statfs ("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}
