// SPDX-License-Identifier: LGPL-2.1-or-later
// Points in time as people type them.
#include <gtest/gtest.h>

extern "C" {
#include "base/error.h"
#include "ctl/when.h"
}

static const guint64 second = 1000000;
/* 2026-11-23 12:56:53 UTC */
static const guint64 now = G_GUINT64_CONSTANT (1795438613) * second;

class When : public testing::Test
{
protected:
  void SetUp () override
  {
    g_setenv ("TZ", "UTC", TRUE);
  }
};

TEST_F (When, Good)
{
  const struct {
    const char *text;
    guint64 usec;
  } cases[] = {
      {"now", now},
      {"today", G_GUINT64_CONSTANT (1795392000) * second},
      {"yesterday", G_GUINT64_CONSTANT (1795305600) * second},
      {"@1700000000", G_GUINT64_CONSTANT (1700000000) * second},
      {"10min ago", now - 600 * second},
      {"1 hour ago", now - 3600 * second},
      {"1h 30min ago", now - 5400 * second},
      {"10m", now - 600 * second},
      {"1h30m", now - 5400 * second},
      {"1700000000", G_GUINT64_CONSTANT (1700000000) * second},
      {"1700000000.5", G_GUINT64_CONSTANT (1700000000) * second + second / 2},
      {"0", 0},
      {"-2 days", now - 2 * 86400 * second},
      {"2 weeks ago", now - 14 * 86400 * second},
      {"9000 years ago", 0},
      {"2026-11-23", G_GUINT64_CONSTANT (1795392000) * second},
      {"2026-11-23 12:56", G_GUINT64_CONSTANT (1795438560) * second},
      {"2026-11-23 12:56:53", now},
      {"2026-11-23T12:56:53Z", now},
      {"2026-11-23T13:56:53+01:00", now},
      {"2026-11-23 12:56:53.5", now + second / 2},
      {"12:56", G_GUINT64_CONSTANT (1795438560) * second},
      {"12:56:53", now},
  };

  for (const auto &c : cases) {
    g_autoptr (GError) error = NULL;
    guint64 usec = 0;

    EXPECT_TRUE (quilt_when_parse (c.text, now, &usec, &error)) << c.text;
    EXPECT_EQ (usec, c.usec) << c.text;
  }
}

TEST_F (When, BadLeavesTheOutputAlone)
{
  for (const char *text : {"", "-", "ago", " ago", "x ago", "+10min", "1.2.3", "@", "@-1", "@1x",
                           "25:00", "2026-13-01", "2026-11-23x", "infinity ago", "tomorrowish",
                           "1 fortnight ago", "99999999999999999999999 days ago", "\xff"}) {
    g_autoptr (GError) error = NULL;
    guint64 usec = 42;

    EXPECT_FALSE (quilt_when_parse (text, now, &usec, &error)) << text;
    EXPECT_EQ (usec, 42u) << text;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT)) << text;
  }
}
