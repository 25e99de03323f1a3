// SPDX-License-Identifier: LGPL-2.1-or-later
// Which sensors of the host's processors are masked.
#include <gtest/gtest.h>

extern "C" {
#include "daemon/host/sensors.h"
}

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

class Sensors : public testing::Test
{
protected:
  void SetUp () override
  {
    ASSERT_NE (g_mkdtemp (root), nullptr);
    for (const char *name : {"cpuidle/thermal_throttle", "cpu0", "cpu12", "cpu3/thermal_throttle"})
      std::filesystem::create_directories (std::string (root) + "/" + name);
  }

  void TearDown () override
  {
    std::filesystem::remove_all (root);
  }

  std::vector<std::string> mask (char **masked)
  {
    QuiltSpec spec = {};
    std::vector<std::string> paths;

    spec.masked_paths = masked;
    quilt_sensors_mask (&spec, root);
    for (char **path = spec.masked_paths; path && *path; path++)
      paths.push_back (*path);
    g_strfreev (spec.masked_paths);
    std::sort (paths.begin (), paths.end ());
    return paths;
  }

  static char **some ()
  {
    return g_strsplit ("/proc/kcore /proc/keys", " ", -1);
  }

  using Paths = std::vector<std::string>;
  char root[40] = "/dev/shm/quilt-test-XXXXXX";
};

TEST_F (Sensors, AGuestHasNone)
{
  EXPECT_EQ (mask (some ()), (Paths{"/proc/kcore", "/proc/keys"}));
}

TEST_F (Sensors, MasksThoseOfEachProcessor)
{
  std::string at = root;

  std::filesystem::create_directories (at + "/cpu0/thermal_throttle");
  EXPECT_EQ (mask (some ()), (Paths{at + "/cpu0/thermal_throttle", at + "/cpu3/thermal_throttle",
                                    "/proc/kcore", "/proc/keys"}));
  /* Of --privileged nothing is masked. */
  EXPECT_EQ (mask (nullptr), Paths{});
}
