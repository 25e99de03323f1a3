// SPDX-License-Identifier: LGPL-2.1-or-later
// The small grammars of resource limits.
#include "base/check.h"

#include <cmath>

extern "C" {
#include "spec/options/controllers.h"
#include "spec/options/resources.h"
#include "spec/weights.h"
#include "spec/quantities.h"
}

#include <arpa/inet.h>
#include <vector>

using std::string;

static string
cpus (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) set = quilt_cpu_list_parse (text, &error);
  string hex;

  if (!set)
    return error->message;
  for (guint i = 0; i < set->len; i++)
    hex += take (g_strdup_printf ("%02x", set->data[i]));
  return hex;
}

TEST (Resources, CpuListsAreSetsOfBits)
{
  EXPECT_EQ (cpus ("0"), "01");
  EXPECT_EQ (cpus ("0-3,8"), "0f01");
  EXPECT_EQ (cpus ("8,0-3,2"), "0f01");
  EXPECT_EQ (cpus ("7-8"), "8001");
  EXPECT_EQ (cpus ("8191").size (), 2048u);
  EXPECT_EQ (cpus (""), "");
  for (const char *bad : {"a", "0-", "-1", "3-1", "0,,1", ",", "8192", "0-8192", " 0", "+1", "0x1",
                          "1-2-3", "99999999999999999999"}) {
    EXPECT_EQ (cpus (bad).rfind ("Failed to read list of CPUs", 0), 0u) << bad << cpus (bad);
    EXPECT_NE (cpus (bad).find (bad), string::npos) << bad;
  }
}

/* As from quiltctl to quiltd: a list with this one rate, printed. */
static string
rate (const QuiltShape *shape, const char *text)
{
  Error error;
  g_autoptr (GVariant) rates = nullptr;
  GVariant *rate = shape->from_text ("--device-read-bps", text, error.out ());

  if (!rate)
    return error.message ();
  rates = g_variant_ref_sink (g_variant_new_array (nullptr, &rate, 1));
  return quilt_rates_check ("device-read-bps", rates, error.out ())
             ? take (g_variant_print (rates, FALSE))
             : error.message ();
}

TEST (Resources, RatesHaveADeviceAndANumber)
{
  const QuiltShape *bytes = &quilt_byte_rate_shape, *operations = &quilt_operation_rate_shape;

  EXPECT_EQ (rate (bytes, "/dev/sda:1M"), "[('/dev/sda', 1048576)]");
  EXPECT_EQ (rate (operations, "/dev/sda:1024"), "[('/dev/sda', 1024)]");
  EXPECT_EQ (rate (bytes, "/dev/disk/by-path/pci-0:0:1"), "[('/dev/disk/by-path/pci-0:0', 1)]");
  for (const char *bad : {"", "/dev/sda", "/dev/sda:", "/dev/sda:0", "/dev/sda:infinity",
                          "/dev/sda:-1", ":1", "sda:1", "/dev:1", "/dev/:1", "/dev/../etc/x:1",
                          "/dev//sda:1", "/dev/./sda:1", "/dev/sda/:1"}) {
    EXPECT_EQ (rate (bytes, bad).rfind ("Failed to set option ", 0), 0u) << bad;
    EXPECT_EQ (rate (operations, bad).rfind ("Failed to set option ", 0), 0u) << bad;
  }
  EXPECT_NE (rate (operations, "/dev/sda:1k").find ("operations"), string::npos);
}

TEST (Resources, ADeviceHasOneRateAboveZero)
{
  const struct {
    const char *rates, *why;
  } cases[] = {
      {"[('/dev/sda', uint64 1), ('/dev/sdb', 1)]", nullptr},
      {"[('/dev/sda', uint64 1), ('/dev/sdb', 1), ('/dev/sda', 2)]",
       "'device-read-bps' to '/dev/sda': this device is given twice"},
      {"[('/dev/sda', uint64 0)]", "the rate must be a number above 0"},
      {"[('/dev/sda', uint64 18446744073709551615)]", "the rate must be a number above 0"},
      {"[('', uint64 1)]", "to '': must be the path of a device below /dev"},
  };

  for (const auto &c : cases) {
    Error error;
    g_autoptr (GVariant) rates = variant (c.rates);

    EXPECT_EQ (quilt_rates_check ("device-read-bps", rates, error.out ()), !c.why);
    EXPECT_TRUE (c.why ? error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why) : error.none ()) << c.rates;
  }
}

static string
ranges (const char *text)
{
  g_autoptr (GError) error = NULL;
  QuiltAddressRange found[2];
  guint n = quilt_address_range_parse (text, found, &error);
  string all;

  if (n == 0)
    return error->message;
  for (guint i = 0; i < n; i++) {
    char buffer[INET6_ADDRSTRLEN];

    all += string (i ? " " : "") +
           inet_ntop (found[i].family, found[i].address, buffer, sizeof buffer) + "/" +
           std::to_string (found[i].prefix);
  }
  return all;
}

TEST (Resources, RangesOfAddresses)
{
  EXPECT_EQ (ranges ("10.1.2.3"), "10.1.2.3/32");
  EXPECT_EQ (ranges ("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ (ranges ("255.255.255.255/9"), "255.128.0.0/9");
  EXPECT_EQ (ranges ("2001:db8::1"), "2001:db8::1/128");
  EXPECT_EQ (ranges ("2001:db8::1/32"), "2001:db8::/32");
  EXPECT_EQ (ranges ("any"), "0.0.0.0/0 ::/0");
  EXPECT_EQ (ranges ("localhost"), "127.0.0.0/8 ::1/128");
  EXPECT_EQ (ranges ("link-local"), "169.254.0.0/16 fe80::/64");
  EXPECT_EQ (ranges ("multicast"), "224.0.0.0/4 ff00::/8");
  for (const char *bad : {"", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8",
                          "Any", "example.org", "10.0.0.0/8/8", "10.0.0.256", "::1%lo"})
    EXPECT_EQ (ranges (bad).rfind ("Failed to read range of addresses", 0), 0u) << bad;
}

TEST (Resources, Weights)
{
  const std::vector<std::pair<guint64, guint64>> shares = {
      {2, 1}, {1024, 100}, {262144, 10000}, {512, 59}, {2048, 174}};
  guint64 last = 0;

  for (auto [from, to] : shares)
    EXPECT_EQ (quilt_weight_from_cpu_shares (from), to) << from;
  for (guint64 s = 2; s <= 262144; s += 13) {
    EXPECT_GE (quilt_weight_from_cpu_shares (s), last);
    last = quilt_weight_from_cpu_shares (s);
    ASSERT_TRUE (last >= 1 && last <= 10000);
  }
  for (guint64 s = 3; s < 262144; s++) {
    double l = std::log2 ((double)s);
    double weight = std::ceil (std::pow (10, (l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9);

    ASSERT_EQ (quilt_weight_from_cpu_shares (s), (guint64)weight) << s;
  }
  EXPECT_EQ (quilt_weight_from_blkio (10), 1u);
  EXPECT_EQ (quilt_weight_from_blkio (1000), 10000u);
  EXPECT_EQ (quilt_weight_from_blkio (500), 4950u);
}

TEST (Resources, NumbersAsTyped)
{
  struct {
    gboolean (*parse) (const char *, guint64 *, GError **);
    const char *text;
    guint64 value; /* 0: refused */
  } cases[] = {
      {quilt_parse_byte_limit, "-1", QUILT_INFINITY},
      {quilt_parse_byte_limit, "1k", 1024},
      {quilt_parse_byte_limit, "-2", 0},
      {quilt_parse_weight, "1", 1},
      {quilt_parse_weight, "10000", 10000},
      {quilt_parse_weight, "0", 0},
      {quilt_parse_weight, "10001", 0},
      {quilt_parse_weight, "", 0},
      {quilt_parse_weight, "infinity", QUILT_INFINITY},
      {quilt_parse_cpu_shares, "1024", 100},
      {quilt_parse_cpu_shares, "0", QUILT_INFINITY},
      {quilt_parse_cpu_shares, "1", 0},
      {quilt_parse_cpu_shares, "262145", 0},
      {quilt_parse_blkio_weight, "10", 1},
      {quilt_parse_blkio_weight, "9", 0},
      {quilt_parse_blkio_weight, "1001", 0},
      {quilt_parse_blkio_weight, "x", 0},
      {quilt_parse_blkio_weight, "0", QUILT_INFINITY},
  };

  for (const auto &c : cases) {
    g_autoptr (GError) error = NULL;
    guint64 value = 0;

    EXPECT_EQ (c.parse (c.text, &value, &error), c.value != 0) << c.text;
    EXPECT_EQ (value, c.value) << c.text;
    EXPECT_EQ (error != NULL, c.value == 0) << c.text;
  }
}

TEST (Resources, MissingControllersAreNamedWithWhatNeedsThem)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();
  g_autoptr (QuiltOptions) defaults = quilt_options_new ();

  EXPECT_EQ (quilt_options_missing_controllers (options, defaults, ""), nullptr);
  options->pids_max = defaults->pids_max = 5;
  EXPECT_EQ (quilt_options_missing_controllers (options, defaults, ""), nullptr);
  options->memory_max = 64 << 20;
  options->cpuset_cpus = g_strdup ("0");
  options->device_read_bps = variant ("[('/dev/sda', uint64 1)]");
  options->ip_deny = g_strsplit ("any", " ", -1);
  EXPECT_EQ (quilt_options_missing_controllers (options, defaults, "cpu cpuset io memory\n"),
             nullptr);
  EXPECT_EQ (take (quilt_options_missing_controllers (options, defaults, "cpuset hugetlb")),
             "memory-max needs memory, device-read-bps needs io");
  EXPECT_EQ (take (quilt_options_missing_controllers (options, defaults, "cpu")),
             "memory-max needs memory, cpuset-cpus needs cpuset, device-read-bps needs io");
  EXPECT_TRUE (quilt_controllers_are_all ("cpuset cpu io memory hugetlb pids rdma\n"));
  EXPECT_FALSE (quilt_controllers_are_all ("cpuset cpu io memory"));
  EXPECT_FALSE (quilt_controllers_are_all (""));
}
