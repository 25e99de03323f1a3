/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of capabilities. */
#include "base/check.h"

#include <linux/capability.h>

#include <vector>

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

static guint64
planned (std::vector<const char *> add, std::vector<const char *> drop)
{
  Error error;
  guint64 mask = 0;

  add.push_back (nullptr);
  drop.push_back (nullptr);
  EXPECT_TRUE (quilt_capabilities_plan ((char *const *)add.data (), (char *const *)drop.data (),
                                        &mask, error.out ()))
      << error.message ();
  return mask;
}

TEST (Capabilities, AreCountedAsPodmanDoes)
{
  const guint64 standard = quilt_capabilities_default (), all = quilt_capabilities_all ();
  const guint64 admin = 1ULL << CAP_SYS_ADMIN, chown = 1ULL << CAP_CHOWN;

  EXPECT_EQ (all, (1ULL << (CAP_LAST_CAP + 1)) - 1);
  EXPECT_EQ (planned ({}, {}), standard);
  EXPECT_EQ (planned ({"SYS_ADMIN"}, {"CHOWN"}), (standard | admin) & ~chown);
  EXPECT_EQ (planned ({"cap_sys_admin", "chown"}, {"ALL"}), admin | chown);
  EXPECT_EQ (planned ({"all"}, {"Cap_Chown", "CAP_SYS_ADMIN"}), all & ~(admin | chown));
  EXPECT_EQ (planned ({"all", "CHOWN"}, {}), all);
  EXPECT_EQ (planned ({}, {"all", "KILL"}), 0u);
}

TEST (Capabilities, RefusesACapabilityBothAddedAndDropped)
{
  Error error;
  const char *add[] = {"SYS_ADMIN", "kill", nullptr}, *drop[] = {"CHOWN", "CAP_KILL", nullptr};
  const char *bad[] = {"NOPE", nullptr};
  guint64 mask = 7;

  EXPECT_FALSE (
      quilt_capabilities_plan ((char *const *)add, (char *const *)drop, &mask, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "CAP_KILL"));
  EXPECT_FALSE (quilt_capabilities_plan ((char *const *)bad, nullptr, &mask, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "'cap-add' to 'NOPE'"));
  EXPECT_EQ (mask, 7u);
}
