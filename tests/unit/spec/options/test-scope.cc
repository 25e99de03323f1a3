/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of a container's scope: names and types as systemd 252 takes them. */
#include "base/check.h"

#include <map>
#include <vector>

extern "C" {
#include "spec/options/devices.h"
#include "spec/options/options.h"
#include "spec/quantities.h"
}

using std::string;
using Properties = std::map<string, string>;

static Properties
read (GVariant *properties)
{
  Properties map;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  EXPECT_TRUE (g_variant_is_floating (properties));
  g_variant_ref_sink (properties);
  EXPECT_STREQ (g_variant_get_type_string (properties), "a(sv)");
  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_next (&iter, "(&sv)", &name, &value)) {
    /* An update empties a list before it says what is to be in it. */
    map[name] += (map.count (name) ? " then " : "") + take (g_variant_print (value, TRUE));
    g_variant_unref (value);
  }
  g_variant_unref (properties);
  return map;
}

static const Properties always = {
    {"Description", "'Quilt container web'"},
    {"Slice", "'quilt.slice'"},
    {"PIDs", "[uint32 4711]"},
    {"Delegate", "true"},
    {"Controller", "'org.quilt'"},
    {"KillMode", "'control-group'"},
    {"KillSignal", "23"},
    {"TimeoutStopUSec", "uint64 95000000"},
    {"CollectMode", "'inactive-or-failed'"},
    {"MemoryAccounting", "true"},
    {"CPUAccounting", "true"},
    {"TasksAccounting", "true"},
    {"IOAccounting", "true"},
    {"DevicePolicy", "'closed'"},
    {"TasksMax", "uint64 18446744073709551615"},
};

class Scope : public testing::Test
{
protected:
  QuiltOptions *options = quilt_options_new ();
  GArray *devices = quilt_devices_new ();

  Scope ()
  {
    options->name = g_strdup ("web");
  }

  ~Scope () override
  {
    quilt_options_free (options);
    g_array_unref (devices);
  }

  Properties properties ()
  {
    return read (quilt_options_scope_properties (options, devices, 4711, "org.quilt"));
  }
};

TEST_F (Scope, WithoutLimits)
{
  EXPECT_EQ (properties (), always);
}

/* Fault 32. */
TEST_F (Scope, InASliceOfItsOwn)
{
  Properties expected = always;

  options->slice = g_strdup ("quilt-batch-night.slice");
  expected["Slice"] = "'quilt-batch-night.slice'";
  EXPECT_EQ (properties (), expected);
}

TEST_F (Scope, WithLimits)
{
  Properties expected = always;

  options->memory_max = 67108864;
  options->cpu_quota_usec = 1500000;
  options->pids_max = 100;
  options->stop_timeout_usec = 100 * G_USEC_PER_SEC;
  expected["MemoryMax"] = "uint64 67108864";
  expected["MemorySwapMax"] = "uint64 67108864";
  expected["CPUQuotaPerSecUSec"] = "uint64 1500000";
  expected["TasksMax"] = "uint64 101";
  expected["TimeoutStopUSec"] = "uint64 105000000";
  EXPECT_EQ (properties (), expected);
}

TEST_F (Scope, DevicesGoByNumber)
{
  Properties expected = always;

  quilt_devices_add (devices, g_strdup ("/dev/fuse"), 'c', 10, 229, 0666, "rw");
  quilt_devices_add (devices, g_strdup ("/dev/disk"), 'b', 8, 1, 0660, "rwm");
  expected["DeviceAllow"] = "[('/dev/char/10:229', 'rwm'), ('/dev/block/8:1', 'rwm')]";
  EXPECT_EQ (properties (), expected);
}

TEST_F (Scope, APrivilegedContainerHasAllDevices)
{
  options->privileged = TRUE;
  EXPECT_EQ (properties ().count ("DevicePolicy"), 0u);
}

TEST_F (Scope, AUserNamespaceWithoutDevicesNeedsNoDevicePolicy)
{
  for (const char *userns : {"auto", "keep-id", "0:100000:65536"}) {
    g_free (options->userns);
    options->userns = g_strdup (userns);
    EXPECT_EQ (properties ().count ("DevicePolicy"), 0u);
  }
  quilt_devices_add (devices, g_strdup ("/dev/fuse"), 'c', 10, 229, 0666, "rw");
  EXPECT_EQ (properties ()["DevicePolicy"], "'closed'");
  g_array_set_size (devices, 0);
  g_free (options->userns);
  options->userns = g_strdup ("host");
  EXPECT_EQ (properties ()["DevicePolicy"], "'closed'");
}

TEST_F (Scope, AVolumeNeedsAPolicyWhereItsNodesCouldBeOpened)
{
  const struct {
    const char *volumes, *added;
    bool policy;
  } cases[] = {
      {"[('/srv', '/data', @as [])]", nullptr, false},
      {"[('/srv', '/data', @as [])]", "CAP_NET_RAW", false},
      {"[('/srv', '/data', ['dev'])]", nullptr, true},
      {"[('/srv', '/data', @as [])]", "CAP_SYS_ADMIN", true},
      {"@a(ssas) []", "CAP_SYS_ADMIN", false},
  };

  options->userns = g_strdup ("auto");
  for (const auto &c : cases) {
    const char *added[] = {c.added, nullptr};

    g_clear_pointer (&options->volumes, g_variant_unref);
    g_strfreev (options->cap_add);
    options->volumes = variant (c.volumes);
    options->cap_add = g_strdupv ((char **)added);
    EXPECT_EQ (properties ().count ("DevicePolicy"), c.policy ? 1u : 0u)
        << c.volumes << (c.added ? c.added : "");
  }
}

TEST_F (Scope, InfinityStaysInfinity)
{
  options->stop_timeout_usec = QUILT_INFINITY;
  EXPECT_EQ (properties ()["TimeoutStopUSec"], "uint64 18446744073709551615");
  options->stop_timeout_usec = QUILT_INFINITY - 1;
  EXPECT_EQ (properties ()["TimeoutStopUSec"], "uint64 18446744073709551615");
}

TEST_F (Scope, WithEveryLimit)
{
  Properties expected = always;

  options->memory_max = 67108864;
  options->memory_high = 33554432;
  options->memory_low = 8388608;
  options->memory_swap = 100663296;
  options->cpu_weight = 200;
  options->cpuset_cpus = g_strdup ("0-1,8");
  options->cpuset_mems = g_strdup ("0");
  options->io_weight = 50;
  options->device_read_bps = variant ("[('/dev/sda', uint64 1048576), ('/dev/sdb', 1)]");
  options->device_write_iops = variant ("[('/dev/sda', uint64 100)]");
  options->ip_allow = g_strsplit ("10.0.0.0/8", " ", -1);
  options->ip_deny = g_strsplit ("any", " ", -1);
  expected["MemoryMax"] = "uint64 67108864";
  expected["MemorySwapMax"] = "uint64 33554432";
  expected["MemoryHigh"] = "uint64 33554432";
  expected["MemoryLow"] = "uint64 8388608";
  expected["CPUWeight"] = "uint64 200";
  expected["AllowedCPUs"] = "[byte 0x03, 0x01]";
  expected["AllowedMemoryNodes"] = "[byte 0x01]";
  expected["IOWeight"] = "uint64 50";
  expected["IOReadBandwidthMax"] = "[('/dev/sda', uint64 1048576), ('/dev/sdb', 1)]";
  expected["IOWriteIOPSMax"] = "[('/dev/sda', uint64 100)]";
  expected["IPAddressAllow"] = "[(2, [byte 0x0a, 0x00, 0x00, 0x00], uint32 8)]";
  expected["IPAddressDeny"] = "[(2, [byte 0x00, 0x00, 0x00, 0x00], uint32 0), (10, [0x00, 0x00, "
                              "0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, "
                              "0x00, 0x00, 0x00], 0)]";
  EXPECT_EQ (properties (), expected);
}

TEST_F (Scope, SwapIsWhatTheTotalLeaves)
{
  options->memory_max = 67108864;
  options->memory_swap = 67108864;
  EXPECT_EQ (properties ()["MemorySwapMax"], "uint64 0");
  options->memory_swap = QUILT_INFINITY;
  EXPECT_EQ (properties ()["MemorySwapMax"], "uint64 18446744073709551615");
  options->memory_swap = 0;
  EXPECT_EQ (properties ()["MemorySwapMax"], "uint64 67108864");
}

TEST_F (Scope, UpdatesReplaceLists)
{
  options->device_read_bps = variant ("[('/dev/sda', uint64 1048576)]");
  EXPECT_EQ (read (quilt_options_limit_properties (options, options))["IOReadBandwidthMax"],
             "@a(st) [] then [('/dev/sda', uint64 1048576)]");
}

TEST_F (Scope, TheLastFilterOfAddressesGoesByAnother)
{
  g_autoptr (QuiltOptions) before = quilt_options_copy (options);

  EXPECT_EQ (read (quilt_options_limit_properties (options, before)).count ("IPAccounting"), 0u);
  before->ip_deny = g_strsplit ("any", " ", -1);
  EXPECT_EQ (read (quilt_options_limit_properties (options, before))["IPAccounting"], "true");
  options->ip_allow = g_strsplit ("any", " ", -1);
  EXPECT_EQ (read (quilt_options_limit_properties (options, before)).count ("IPAccounting"), 0u);
}

/* WarmStarts=: the scope exists before its container. */
class Changes : public Scope
{
protected:
  GVariant *before;

  Changes ()
  {
    options->userns = g_strdup ("auto");
    before = all ();
  }

  ~Changes () override
  {
    g_variant_unref (before);
  }

  GVariant *all ()
  {
    return g_variant_ref_sink (quilt_options_scope_properties (options, devices, 1, "org.quilt"));
  }

  /* {"": ""} where systemd can't make them. */
  Properties changes ()
  {
    g_autoptr (GVariant) after = all ();
    GVariant *changed = quilt_options_scope_changes (before, after);

    return changed ? read (changed) : Properties{{"", ""}};
  }
};

static const Properties impossible = {{"", ""}};

TEST_F (Changes, AreNoneWhereNothingDiffersButTheProcess)
{
  g_autoptr (GVariant) after =
      g_variant_ref_sink (quilt_options_scope_properties (options, devices, 2, "org.quilt"));

  EXPECT_EQ (read (quilt_options_scope_changes (before, after)), Properties ());
}

TEST_F (Changes, AreWhatDiffers)
{
  g_free (options->name);
  options->name = g_strdup ("other");
  options->memory_max = 67108864;
  options->pids_max = 9;
  options->ip_deny = g_strsplit ("10.0.0.0/8", " ", -1);
  quilt_devices_add (devices, g_strdup ("/dev/fuse"), 'c', 10, 229, 0666, "rw");
  EXPECT_EQ (changes (), (Properties{
                             {"Description", "'Quilt container other'"},
                             {"MemoryMax", "uint64 67108864"},
                             {"MemorySwapMax", "uint64 67108864"},
                             {"TasksMax", "uint64 10"},
                             {"IPAddressDeny", "[(2, [byte 0x0a, 0x00, 0x00, 0x00], uint32 8)]"},
                             {"DevicePolicy", "'closed'"},
                             {"DeviceAllow", "[('/dev/char/10:229', 'rwm')]"},
                         }));
}

/* Otherwise `systemctl status` warns that the unit's files have changed. */
TEST_F (Changes, ComeInTheOrderOfTheirNames)
{
  g_autoptr (GVariant) after = nullptr;
  g_autoptr (GVariant) changed = nullptr;
  std::vector<string> names;

  options->memory_max = 67108864;
  options->cpu_quota_usec = 500000;
  options->pids_max = 9;
  quilt_devices_add (devices, g_strdup ("/dev/fuse"), 'c', 10, 229, 0666, "rw");
  after = all ();
  changed = g_variant_ref_sink (quilt_options_scope_changes (before, after));
  for (gsize i = 0; i < g_variant_n_children (changed); i++) {
    const char *one;

    g_variant_get_child (changed, i, "(&sv)", &one, nullptr);
    names.push_back (one);
  }
  EXPECT_EQ (names, (std::vector<string>{"CPUQuotaPerSecUSec", "DeviceAllow", "DevicePolicy",
                                         "MemoryMax", "MemorySwapMax", "TasksMax"}));
}

TEST_F (Changes, AreImpossibleWhereSystemdSetsThePropertyOnlyAtTheStart)
{
  options->slice = g_strdup ("batch");
  EXPECT_EQ (changes (), impossible);
  g_clear_pointer (&options->slice, g_free);
  EXPECT_EQ (changes (), Properties ());
  options->stop_timeout_usec = 100 * G_USEC_PER_SEC;
  EXPECT_EQ (changes (), impossible);
}

/* A property that is not set can't be taken back in every case. */
TEST_F (Changes, AreImpossibleWhereAPropertyWouldGo)
{
  options->memory_max = 67108864;
  g_variant_unref (before);
  before = all ();
  options->memory_max = QUILT_INFINITY;
  EXPECT_EQ (changes (), impossible);
}

/* Each option either can be set later, or is refused: an option that is added must be one of
 * these. */
TEST_F (Changes, OfAnyLimitThatUpdateCanSetArePossible)
{
  g_autoptr (GVariant) limits =
      g_variant_ref_sink (quilt_options_limit_properties (options, options));
  GVariantIter iter;
  GVariant *property;

  g_variant_iter_init (&iter, limits);
  while ((property = g_variant_iter_next_value (&iter))) {
    g_autoptr (GVariant) none =
        g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("(sv)"), nullptr, 0));
    g_autoptr (GVariant) one =
        g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("(sv)"), &property, 1));
    GVariant *changed = quilt_options_scope_changes (none, one);

    EXPECT_NE (changed, nullptr) << take (g_variant_print (property, FALSE));
    if (changed) {
      EXPECT_EQ (read (changed).size (), 1u);
    }
    g_variant_unref (property);
  }
}

TEST_F (Scope, UpdatesSpellOutNoLimit)
{
  const Properties none = {
      {"MemoryHigh", "uint64 18446744073709551615"},
      {"MemoryLow", "uint64 0"},
      {"CPUWeight", "uint64 18446744073709551615"},
      {"IOWeight", "uint64 18446744073709551615"},
      {"AllowedCPUs", "@ay []"},
      {"AllowedMemoryNodes", "@ay []"},
      {"IOReadBandwidthMax", "@a(st) []"},
      {"IOWriteBandwidthMax", "@a(st) []"},
      {"IOReadIOPSMax", "@a(st) []"},
      {"IOWriteIOPSMax", "@a(st) []"},
      {"IPAddressAllow", "@a(iayu) []"},
      {"IPAddressDeny", "@a(iayu) []"},
      {"MemoryMax", "uint64 18446744073709551615"},
      {"MemorySwapMax", "uint64 18446744073709551615"},
      {"CPUQuotaPerSecUSec", "uint64 18446744073709551615"},
      {"TasksMax", "uint64 18446744073709551615"},
  };

  EXPECT_EQ (read (quilt_options_limit_properties (options, options)), none);
  options->pids_max = 1;
  EXPECT_EQ (read (quilt_options_limit_properties (options, options))["TasksMax"], "uint64 2");
}
