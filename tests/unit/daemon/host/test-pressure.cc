// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's pressure stall information as a dictionary.
#include "base/check.h"

extern "C" {
#include "daemon/host/pressure.h"
}

static std::string
parse (const char *text)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (quilt_pressure_parse (text));

  return take (g_variant_print (value, TRUE));
}

TEST (Pressure, BothLinesAreRead)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (
      quilt_pressure_parse ("some avg10=1.50 avg60=0.25 avg300=0.00 total=18446744073709551615\n"
                            "full avg10=100.00 avg60=0.00 avg300=0.00 total=7\n"));
  gdouble average = 0;
  guint64 total = 0;

  EXPECT_EQ (g_variant_n_children (value), 8u);
  EXPECT_TRUE (g_variant_lookup (value, "some-avg10", "d", &average));
  EXPECT_EQ (average, 1.5);
  EXPECT_TRUE (g_variant_lookup (value, "full-avg10", "d", &average));
  EXPECT_EQ (average, 100);
  EXPECT_TRUE (g_variant_lookup (value, "some-total", "t", &total));
  EXPECT_EQ (total, G_MAXUINT64);
  EXPECT_TRUE (g_variant_lookup (value, "full-total", "t", &total));
  EXPECT_EQ (total, 7u);
}

TEST (Pressure, LeavesOutMalformedValues)
{
  EXPECT_EQ (parse (""), "@a{sv} {}");
  EXPECT_EQ (parse ("other avg10=1\nsome\nsome avg10 total=x total=-1 avg60=1x =\n"), "@a{sv} {}");
  EXPECT_EQ (parse ("some total=3"), "{'some-total': <uint64 3>}");
}

TEST (Pressure, NoScopeHasNone)
{
  g_autoptr (GVariant) none = quilt_pressure_read ("", "memory");
  g_autoptr (GVariant) gone = quilt_pressure_read ("quilt-no-such.scope", "memory");

  EXPECT_EQ (g_variant_n_children (none), 0u);
  EXPECT_EQ (g_variant_n_children (gone), 0u);
}
