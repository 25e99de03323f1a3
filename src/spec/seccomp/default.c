/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data/seccomp.json, which is part of the program: it can't be missing. */
#include "spec/seccomp/seccomp.h"

#include "spec/seccomp-profile.h"

const char *
quilt_seccomp_default_profile (void)
{
  return default_profile;
}
