/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-doctor's conclusions from what it reads. */
#include "base/check.h"

extern "C" {
#include "doctor/checks.h"
}

#include <set>

TEST (Doctor, Kernels)
{
  guint major = 0, minor = 0;

  EXPECT_TRUE (quilt_kernel_parse ("6.1.0-18-amd64", &major, &minor));
  EXPECT_EQ (major, 6u);
  EXPECT_EQ (minor, 1u);
  EXPECT_FALSE (quilt_kernel_parse ("six", &major, &minor));
}

TEST (Doctor, Controllers)
{
  static const char *const wanted[] = {"cpu", "memory", "pids", nullptr};
  const struct {
    const char *controllers, *missing;
  } cases[] = {{"cpuset cpu io memory hugetlb pids", ""},
               {"cpuset io pids", "cpu memory"},
               {"", "cpu memory pids"}};

  for (const auto &c : cases) {
    g_autofree char *missing = quilt_controllers_missing (c.controllers, wanted);

    EXPECT_STREQ (missing, c.missing);
  }
}

/* Each says something, and what is not good says what to do. */
TEST (Doctor, EveryCheckFindsSomething)
{
  std::set<std::string> names;

  for (guint i = 0; i < quilt_n_checks; i++) {
    QuiltFinding finding = {};

    names.insert (quilt_checks[i].name);
    quilt_checks[i].look ("/nonexistent", &finding);
    EXPECT_STRNE (finding.found, "") << quilt_checks[i].name;
    EXPECT_EQ (strchr (finding.found, '\n'), nullptr);
    EXPECT_TRUE (finding.verdict == QUILT_VERDICT_GOOD || *finding.advice ||
                 strcmp (quilt_checks[i].name, "trial container") == 0)
        << quilt_checks[i].name;
  }
  EXPECT_EQ (names.size (), quilt_n_checks);
}
