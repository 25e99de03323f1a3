/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's cgroup is, and which properties its scope has: tables. */
#include "base/check.h"

extern "C" {
#include "oci/cgroup/files.h"
#include "oci/cgroup/plan.h"
#include "oci/cgroup/scope-properties.h"
#include "spec/oci/cgroup.h"
}

using std::string;

static string
plan (const char *path, gboolean systemd, gboolean rootless = FALSE)
{
  QuiltOciCgroup cgroup = QUILT_OCI_CGROUP_INIT;
  Error error;
  string result;

  if (!quilt_oci_cgroup_plan (path, "web", systemd, rootless, &cgroup, error.out ())) {
    EXPECT_EQ (cgroup.path, nullptr);
    EXPECT_EQ (cgroup.unit, nullptr);
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "linux.cgroupsPath"));
    return "refused";
  }
  EXPECT_EQ (cgroup.dir_fd, -1);
  result = systemd ? string (cgroup.slice) + " " + cgroup.unit : string (cgroup.path);
  quilt_oci_cgroup_clear (&cgroup);
  return result;
}

TEST (OciCgroupNames, Cgroupfs)
{
  const struct {
    const char *path, *result;
  } cases[] = {
      {nullptr, "/quilt-oci/web"},
      {"", "/quilt-oci/web"},
      {"/docker/1", "/docker/1"},
      {"a/b", "/a/b"},
      {"//a/./b/", "/a/b"},
      {"/", "refused"},
      {".", "refused"},
      {"/a/../b", "refused"},
      {"..", "refused"},
      {"/a..b", "/a..b"},
  };

  for (const auto &c : cases)
    EXPECT_EQ (plan (c.path, FALSE), c.result) << c.path;
}

TEST (OciCgroupNames, Scopes)
{
  const struct {
    const char *path, *result;
  } cases[] = {
      {nullptr, "system.slice quiltoci-web.scope"},
      {"", "system.slice quiltoci-web.scope"},
      {"system.slice:docker:1", "system.slice docker-1.scope"},
      {"kubepods-burstable.slice:cri:1", "kubepods-burstable.slice cri-1.scope"},
      {":docker:1", "system.slice docker-1.scope"},
      {"a.slice::1", "a.slice 1.scope"},
      {"a.slice:b:1.scope", "a.slice b-1.scope"},
      {"-.slice:b:1", "-.slice b-1.scope"},
      {"a.slice:b:", "refused"},
      {"a.slice:b:c.slice", "refused"},
      {"a:b:c", "refused"},
      {"-a.slice:b:c", "refused"},
      {"a--b.slice:b:c", "refused"},
      {"a-.slice:b:c", "refused"},
      {".slice:b:c", "refused"},
      {"a.slice:b", "refused"},
      {"a.slice:b:c:d", "refused"},
      {"/a/b.slice:c:d", "refused"},
      {"a.slice:b/c:d", "refused"},
      {"a.slice:b:c d", "refused"},
      {"/docker/1", "refused"},
  };

  for (const auto &c : cases)
    EXPECT_EQ (plan (c.path, TRUE), c.result) << c.path;
  EXPECT_EQ (plan (nullptr, TRUE, TRUE), "user.slice quiltoci-web.scope");
}

static string
print (GVariant *properties)
{
  string text = properties ? take (g_variant_print (properties, FALSE)) : "refused";

  if (properties)
    g_variant_unref (properties);
  return text;
}

static string
limits (const string &text)
{
  Error error;
  QuiltOciResources *resources =
      quilt_oci_resources_parse (text.data (), text.size (), error.out ());
  GPtrArray *writes = resources ? quilt_cgroup_plan_writes (resources, error.out ()) : nullptr;
  string result = writes ? print (quilt_oci_limit_properties (writes)) : error.message ();

  if (writes)
    g_ptr_array_unref (writes);
  quilt_oci_resources_free (resources);
  return result;
}

TEST (OciScope, LimitsAreProperties)
{
  const struct {
    const char *resources, *properties;
  } cases[] = {
      {"{}", "[]"},
      {R"({"memory":{"limit":1000,"swap":1000,"reservation":5}})",
       "[('MemoryMax', <1000>), ('MemorySwapMax', <0>), ('MemoryLow', <5>)]"},
      {R"({"memory":{"limit":-1},"pids":{"limit":-1}})",
       "[('MemoryMax', <18446744073709551615>), ('MemorySwapMax', <18446744073709551615>), "
       "('TasksMax', <18446744073709551615>)]"},
      {R"({"cpu":{"shares":1024,"quota":50000,"period":20000,"cpus":"0-1,9"}})",
       "[('CPUWeight', <100>), ('CPUQuotaPeriodUSec', <20000>), ('CPUQuotaPerSecUSec', "
       "<2500000>), ('AllowedCPUs', <[byte 0x03, 0x02]>)]"},
      {R"({"cpu":{"quota":-1,"idle":1}})",
       "[('CPUWeight', <0>), ('CPUQuotaPeriodUSec', <100000>), ('CPUQuotaPerSecUSec', "
       "<18446744073709551615>)]"},
      {R"({"blockIO":{"weight":1000,"weightDevice":[{"major":8,"minor":0,"weight":10}]},)"
       R"("hugepageLimits":[{"pageSize":"2MB","limit":1}]})",
       "[('IOWeight', <10000>)]"},
      {R"({"unified":{"memory.high":"7","pids.max":"0","cpu.max":"max","cpu.weight":"many",)"
       R"("memory.max":"0"}})",
       "[('CPUQuotaPeriodUSec', <100000>), ('CPUQuotaPerSecUSec', <18446744073709551615>), "
       "('MemoryHigh', <7>), ('MemoryMax', <1>), ('TasksMax', <1>)]"},
  };

  for (const auto &c : cases) {
    string text = limits (c.resources);

    for (size_t at; (at = text.find ("uint64 ")) != string::npos;)
      text.erase (at, 7);
    EXPECT_EQ (text, c.properties) << c.resources;
  }
}

static string
annotated (const char *key, const char *value, string *message)
{
  GHashTable *table = g_hash_table_new (g_str_hash, g_str_equal);
  Error error;

  g_hash_table_insert (table, (gpointer) "org.example", (gpointer) "'");
  g_hash_table_insert (table, (gpointer)key, (gpointer)value);
  string result = print (quilt_oci_annotated_properties (table, error.out ()));
  g_hash_table_unref (table);
  *message = error.message ();
  return result;
}

TEST (OciScope, AnnotationsAreProperties)
{
  const struct {
    const char *key, *value, *properties;
  } cases[] = {
      {"org.systemd.property.TimeoutStopUSec", "uint64 5", "[('TimeoutStopUSec', <uint64 5>)]"},
      {"org.systemd.property.TimeoutStopSec", "30", "[('TimeoutStopUSec', <uint64 30000000>)]"},
      {"org.systemd.property.TimeoutStopSec", "0.5", "[('TimeoutStopUSec', <uint64 500000>)]"},
      {"org.systemd.property.CollectMode", "'inactive-or-failed'",
       "[('CollectMode', <'inactive-or-failed'>)]"},
      {"org.systemd.property.SendSIGHUP", "true", "[('SendSIGHUP', <true>)]"},
      {"org.systemd.property.After", "['a.service', 'b.service']",
       "[('After', <['a.service', 'b.service']>)]"},
      {"org.systemd.propertyX", "'", "[]"},
      {"org.systemd.property.", "true", "refused"},
      {"org.systemd.property.a/b", "true", "refused"},
      {"org.systemd.property.After", "[", "refused"},
      {"org.systemd.property.After", "", "refused"},
      {"org.systemd.property.After", "inactive", "refused"},
      {"org.systemd.property.After", "just 5", "refused"},
      {"org.systemd.property.After", "handle 5", "refused"},
      {"org.systemd.property.TimeoutStopSec", "-1", "refused"},
      {"org.systemd.property.TimeoutStopSec", "'5'", "refused"},
  };

  for (const auto &c : cases) {
    string message;

    EXPECT_EQ (annotated (c.key, c.value, &message), c.properties) << c.key << c.value;
    EXPECT_EQ (message.find (string ("'annotations.") + c.key + "'") != string::npos,
               strcmp (c.properties, "refused") == 0)
        << message;
  }
}

/* "cgroup namespace, options of its cgroup mount, map" → owner. */
static string
owner (const string &namespaces, const string &mounts, const string &maps)
{
  const string text = R"({"ociVersion":"1.2.0","root":{"path":"/r"},"process":{"args":["a"],)"
                      R"("cwd":"/"},"mounts":[)" +
                      mounts + R"(],"linux":{"namespaces":[{"type":"mount"})" + namespaces + "]" +
                      maps + "}}";
  Error error;
  QuiltSpec *spec = quilt_spec_parse (text.data (), text.size (), error.out ());
  uid_t uid = 0;

  if (!spec)
    return error.message ();
  string result = quilt_oci_cgroup_needs_owner (spec, &uid) ? std::to_string (uid) : "nobody";
  quilt_spec_free (spec);
  return result;
}

TEST (OciCgroupOwner, IsTheContainersRootWhereItMayWrite)
{
  const string ns = R"(,{"type":"cgroup"},{"type":"user"})";
  const string user = R"(,{"type":"user"})";
  const string map = R"(,"uidMappings":[{"containerID":0,"hostID":70000,"size":9}],)"
                     R"("gidMappings":[{"containerID":0,"hostID":80000,"size":9}])";
  const string writable = R"({"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",)"
                          R"("options":["rw","nosuid"]})";
  const string plain = R"({"destination":"/sys/fs/cgroup","type":"cgroup2","source":"c"})";
  const string readonly = R"({"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",)"
                          R"("options":["nosuid","ro"]})";

  EXPECT_EQ (owner (ns, writable, map), "70000");
  EXPECT_EQ (owner (ns, plain, map), "70000");
  EXPECT_EQ (owner (ns, readonly, map), "nobody");
  EXPECT_EQ (owner (ns, "", map), "nobody");
  EXPECT_EQ (owner (user, writable, map), "nobody");
  EXPECT_EQ (owner (R"(,{"type":"cgroup"})", writable, ""), "nobody");
}
