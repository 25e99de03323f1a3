/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data/seccomp.json, compiled into the program, so that it can't be missing. */
#include "spec/seccomp/seccomp.h"

#include "spec/seccomp-profile.h"

const char *
quilt_seccomp_default_profile (void)
{
  return default_profile;
}
