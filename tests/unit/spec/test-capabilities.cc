/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of capabilities. */
#include "base/check.h"

#include <linux/capability.h>

extern "C" {
#include "spec/capabilities.h"
}

TEST (Capabilities, NamesAndBitsAgree)
{
  for (guint i = 0; i <= CAP_LAST_CAP; i++) {
    ASSERT_NE (quilt_capability_to_name (i), nullptr) << i;
    EXPECT_EQ (quilt_capability_from_name (quilt_capability_to_name (i)), 1ULL << i);
  }
  EXPECT_STREQ (quilt_capability_to_name (CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
  EXPECT_EQ (quilt_capability_to_name (63), nullptr);
  EXPECT_EQ (quilt_capability_to_name (64), nullptr);
}

TEST (Capabilities, StrangersHaveNoBit)
{
  for (const char *name : {"", "CAP_", "CHOWN", "cap_chown", "CAP_CHOWN ", "CAP_ALL", "ALL"})
    EXPECT_EQ (quilt_capability_from_name (name), 0u) << name;
}

TEST (Capabilities, DefaultHoldsNothingOfTheHost)
{
  guint64 mask = quilt_capabilities_default ();

  for (const char *name : {"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_NET_ADMIN",
                           "CAP_NET_RAW", "CAP_MKNOD", "CAP_DAC_READ_SEARCH", "CAP_SYS_RAWIO",
                           "CAP_BPF", "CAP_SYS_TIME", "CAP_SYSLOG", "CAP_AUDIT_WRITE"})
    EXPECT_EQ (mask & quilt_capability_from_name (name), 0u) << name;
  EXPECT_EQ (__builtin_popcountll (mask), 11);
}
