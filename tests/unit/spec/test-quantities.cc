/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes, CPU counts and durations. */
#include "base/check.h"

extern "C" {
#include "spec/options/options.h"
#include "spec/quantities.h"
}

using std::string;

typedef gboolean (*Parse) (const char *text, guint64 *ret_value, GError **error);

struct Good {
  const char *text;
  guint64 value;
};

static void
accepts (Parse parse, std::initializer_list<Good> cases)
{
  for (const auto &c : cases) {
    guint64 value = 77;
    Error error;

    EXPECT_TRUE (parse (c.text, &value, error.out ())) << error.message ();
    EXPECT_EQ (value, c.value) << c.text;
  }
}

static void
refuses (Parse parse, const char *why, std::initializer_list<string> cases)
{
  for (const auto &text : cases) {
    guint64 value = 77;
    Error error;

    EXPECT_FALSE (parse (text.c_str (), &value, error.out ())) << text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, why)) << text;
    EXPECT_EQ (value, 77u) << text;
  }
}

static const std::initializer_list<string> nonsense = {
    "",
    " ",
    "x",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1  s",
    ".5",
    "5.",
    "1..2",
    "1.2.3",
    "0x10",
    "1e3",
    "1,5",
    "1k k",
    "inf",
    "nan",
    "1/2",
    "é",
    "\xff",
    "1\n",
    "infinity ",
    "-infinity",
    "18446744073709551616",
    "99999999999999999999999",
    "1.0000000001",
    "18446744073709551615e",
};

TEST (Quantities, Bytes)
{
  accepts (quilt_parse_bytes, {{"0", 0},
                               {"512", 512},
                               {"512b", 512},
                               {"512B", 512},
                               {"512k", 512 << 10},
                               {"512K", 512 << 10},
                               {"64M", 64 << 20},
                               {"64MB", 64 << 20},
                               {"64MiB", 64 << 20},
                               {"64Mi", 64 << 20},
                               {"64mib", 64 << 20},
                               {"1.5G", 3ULL << 29},
                               {"0.5k", 512},
                               {"1.999999999k", 2047},
                               {"1.5000000000000000k", 1536},
                               {"2T", 2ULL << 40},
                               {"1P", 1ULL << 50},
                               {"15E", 15ULL << 60},
                               {"18446744073709551614", G_MAXUINT64 - 1},
                               {"infinity", QUILT_INFINITY},
                               {"INFINITY", QUILT_INFINITY}});
  refuses (quilt_parse_bytes, "must be a number", nonsense);
  refuses (quilt_parse_bytes, "must be a number",
           {"16E", "18446744073709551615", "1q", "1bb", "1ib", "12ib", "12bb", "ib", "b", "1kib b",
            "1kk", "k", "KiB", "1 k", "1%"});
}

TEST (Quantities, Cpus)
{
  accepts (quilt_parse_cpus, {{"0", 0},
                              {"1", 1000000},
                              {"1.5", 1500000},
                              {"0.001", 1000},
                              {"150%", 1500000},
                              {"12.5%", 125000},
                              {"infinity", QUILT_INFINITY}});
  refuses (quilt_parse_cpus, "must be like '1.5'", nonsense);
  refuses (quilt_parse_cpus, "must be like '1.5'", {"1k", "%", "1%%", "18446744073709.551615"});
}

TEST (Quantities, Duration)
{
  accepts (quilt_parse_duration, {{"0", 0},
                                  {"10", 10000000},
                                  {"1.5s", 1500000},
                                  {"500ms", 500000},
                                  {"7us", 7},
                                  {"2min", 120000000},
                                  {"2m", 120000000},
                                  {"1h", 3600000000},
                                  {"1d", 86400000000},
                                  {"0.5H", 1800000000},
                                  {"infinity", QUILT_INFINITY}});
  refuses (quilt_parse_duration, "must be a number of seconds", nonsense);
  refuses (quilt_parse_duration, "must be a number of seconds",
           {"1k", "s", "1sm", "213503983d", "18446744073709551615us"});
}

TEST (Quantities, MessagesShowNoControls)
{
  guint64 value;
  Error error;

  EXPECT_FALSE (quilt_parse_bytes ("\x1b[31m", &value, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "Failed to read size '\\x1b[31m': must be"));
}
