/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's limits in the units of a container's options. */
#include "base/check.h"

extern "C" {
#include "daemon/host/limit-value.h"
}

#define INFINITE G_MAXUINT64

/* Fault 31. */
TEST (LimitValue, IsWhatWasAskedUnlessTheKernelWasToldSomethingElse)
{
  static const struct {
    QuiltLimitKind kind;
    const char *text;
    guint64 asked, wanted;
  } cases[] = {
      {QUILT_LIMIT_BYTES, "max", 1 << 20, INFINITE},
      {QUILT_LIMIT_BYTES, "1048576", INFINITE, 1 << 20},
      {QUILT_LIMIT_BYTES, "1048576", (1 << 20) + 5, (1 << 20) + 5},
      {QUILT_LIMIT_BYTES, "1048576", 1 << 21, 1 << 20},
      {QUILT_LIMIT_QUOTA, "max 100000", 500000, INFINITE},
      {QUILT_LIMIT_QUOTA, "50000 100000", INFINITE, 500000},
      {QUILT_LIMIT_QUOTA, "33333 100000", 333333, 333333},
      {QUILT_LIMIT_QUOTA, "33333 100000", 500000, 333330},
      {QUILT_LIMIT_QUOTA, "50000", 7, 7},
      {QUILT_LIMIT_QUOTA, "50000 0", 7, 7},
      {QUILT_LIMIT_WEIGHT, "100", INFINITE, INFINITE},
      {QUILT_LIMIT_WEIGHT, "100", 50, 100},
      {QUILT_LIMIT_WEIGHT, "50", INFINITE, 50},
      {QUILT_LIMIT_TASKS, "max", 33, INFINITE},
      {QUILT_LIMIT_TASKS, "34", 33, 33},
      {QUILT_LIMIT_TASKS, "5", INFINITE, 4},
      {QUILT_LIMIT_TASKS, "nonsense", 33, 33},
      {QUILT_LIMIT_BYTES, NULL, 9, 9},
      {QUILT_LIMIT_QUOTA, NULL, 9, 9},
  };

  for (const auto &c : cases)
    EXPECT_EQ (quilt_limit_value_parse (c.kind, c.text, c.asked), c.wanted)
        << (c.text ? c.text : "NULL") << ", asked " << c.asked;
}
