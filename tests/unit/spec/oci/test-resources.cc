/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources: what is read, refused by its path, printed and merged. */
#include "base/check.h"

extern "C" {
#include "base/json.h"
#include "spec/oci/resources.h"
}

using std::string;
using Resources = std::unique_ptr<QuiltOciResources, void (*) (QuiltOciResources *)>;

static Resources
parse (const string &text, Error &error)
{
  return Resources (quilt_oci_resources_parse (text.data (), text.size (), error.out ()),
                    quilt_oci_resources_free);
}

static string
print (const Resources &resources)
{
  json_object *object = quilt_oci_resources_to_json (resources.get ());
  string text = take (quilt_json_print (object, FALSE));

  json_object_put (object);
  return text;
}

static const char everything[] =
    R"({"devices":[{"allow":false,"type":"a","access":"rwm"},)"
    R"({"allow":true,"type":"c","major":10,"minor":229,"access":"rw"}],)"
    R"("memory":{"limit":1048576,"reservation":4096,"swap":-1,"checkBeforeUpdate":true},)"
    R"("cpu":{"shares":1024,"quota":-1,"burst":0,"period":500000,"idle":1,"cpus":"2-3",)"
    R"("mems":"0"},"pids":{"limit":-1},"blockIO":{"weight":10,)"
    R"("weightDevice":[{"major":8,"minor":0,"weight":500}],)"
    R"("throttleReadBpsDevice":[{"major":8,"minor":0,"rate":600}],)"
    R"("throttleWriteBpsDevice":[{"major":8,"minor":0,"rate":18446744073709551615}],)"
    R"("throttleReadIOPSDevice":[{"major":8,"minor":0,"rate":0}],)"
    R"("throttleWriteIOPSDevice":[{"major":8,"minor":16,"rate":1}]},)"
    R"("hugepageLimits":[{"pageSize":"2MB","limit":9223372036854772000},)"
    R"({"pageSize":"64KB","limit":0}],"rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":10000},)"
    R"("rxe3":{}},"unified":{"cgroup.max.descendants":"7","memory.high":"max"}})";

TEST (OciResources, EveryKeyIsKeptAndPrinted)
{
  Error error;
  Resources r = parse (everything, error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (print (r), everything);
  EXPECT_EQ (r->memory_limit, 1048576);
  EXPECT_EQ (r->memory_swap, -1);
  EXPECT_TRUE (r->memory_check);
  EXPECT_EQ (r->cpu_burst, 0);
  EXPECT_EQ (r->pids_limit, -1);
  EXPECT_STREQ (r->cpus, "2-3");
  ASSERT_EQ (r->devices->len, 2u);
  const auto &any = g_array_index (r->devices, QuiltOciDeviceRule, 0);
  EXPECT_EQ (any.type, 'a');
  EXPECT_EQ (any.major, -1);
  EXPECT_STREQ (any.access, "rwm");
  EXPECT_EQ (r->io->len, 5u);
  EXPECT_EQ (g_array_index (r->rdma, QuiltOciRdma, 1).handles, QUILT_OCI_UNSET);
}

/* Engines send what was not asked for as 0, "" or not at all, and v1's settings where they do
 * nothing. */
TEST (OciResources, AcceptsResourcesThatAskForNothing)
{
  const char *const texts[] = {
      "{}",
      R"({"memory":{"limit":0,"reservation":0,"swap":0,"kernel":0,"kernelTCP":-1,"swappiness":60,)"
      R"("useHierarchy":true,"disableOOMKiller":false,"checkBeforeUpdate":false}})",
      R"({"cpu":{"shares":0,"quota":0,"period":0,"realtimeRuntime":0,"realtimePeriod":0,"cpus":"",)"
      R"("mems":""}})",
      R"({"pids":{"limit":0},"blockIO":{"weight":0,"leafWeight":0,"weightDevice":[)"
      R"({"major":8,"minor":0,"weight":0,"leafWeight":0}],"throttleReadBpsDevice":[]}})",
      R"({"network":{},"rdma":{},"unified":{},"devices":[],"hugepageLimits":[]})",
      R"({"network":{"classID":0,"priorities":[]}})",
  };

  for (const char *text : texts) {
    Error error;
    Resources r = parse (text, error);

    ASSERT_TRUE (error.none ()) << text << error.message ();
    EXPECT_EQ (print (r), "{}") << text;
  }
}

TEST (OciResources, DeviceRulesHaveDefaults)
{
  Error error;
  Resources r = parse (R"({"devices":[{"type":"u","access":"mr","major":-1,"minor":3},)"
                       R"({"allow":true,"type":"","access":""}]})",
                       error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (print (r), R"({"devices":[{"allow":false,"type":"c","minor":3,"access":"rm"},)"
                        R"({"allow":true,"type":"a","access":"rwm"}]})");
}

TEST (OciResources, Refused)
{
  const struct {
    const char *text, *path;
    int code = QUILT_ERROR_INVALID_ARGUMENT;
  } cases[] = {
      {R"({"rdma":[{"device":"mlx5_1"}]})", "rdma"},
      {R"({"rdma":{"mlx5_1":{"hcaHandles":"many"}}})", "rdma.mlx5_1.hcaHandles"},
      {R"({"rdma":{"mlx5_1":{"hcaObjects":4294967296}}})", "rdma.mlx5_1.hcaObjects"},
      {R"({"rdma":{"mlx5_1 x":{}}})", "rdma.mlx5_1 x"},
      {R"({"hugepageLimits":[{"pageSize":"64kB"}]})", "hugepageLimits[0].pageSize"},
      {R"({"hugepageLimits":[{"pageSize":"0MB"}]})", "hugepageLimits[0].pageSize"},
      {R"({"hugepageLimits":[{"pageSize":"2"}]})", "hugepageLimits[0].pageSize"},
      {R"({"hugepageLimits":[{"limit":2}]})", "hugepageLimits[0].pageSize"},
      {R"({"blockIO":{"weight":65536}})", "blockIO.weight"},
      {R"({"blockIO":{"weight":9}})", "blockIO.weight"},
      {R"({"blockIO":{"throttleWriteIOPSDevice":[1]}})", "blockIO.throttleWriteIOPSDevice[0]"},
      {R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"rate":1}]}})",
       "blockIO.throttleReadBpsDevice[0]"},
      {R"({"blockIO":{"weightDevice":[{"major":-1,"minor":0,"weight":10}]}})",
       "blockIO.weightDevice[0].major"},
      {R"({"cpu":{"shares":-1}})", "cpu.shares"},
      {R"({"cpu":{"quota":-2}})", "cpu.quota"},
      {R"({"cpu":{"idle":2}})", "cpu.idle"},
      {R"({"cpu":{"cpus":3}})", "cpu.cpus"},
      {R"({"cpu":{"cpus":"all"}})", "cpu.cpus"},
      {R"({"memory":{"limit":-2}})", "memory.limit"},
      {R"({"memory":{"limit":9223372036854775808}})", "memory.limit"},
      {R"({"memory":{"limit":"1g"}})", "memory.limit"},
      {R"({"memory":7})", "memory"},
      {R"({"pids":{"limit":1.5}})", "pids.limit"},
      {R"({"devices":[{"access":"rwx"}]})", "devices[0].access"},
      {R"({"devices":[{"type":"cb"}]})", "devices[0].type"},
      {R"({"devices":[{"type":"p"}]})", "devices[0].type"},
      {R"({"devices":[{},{"major":-2}]})", "devices[1].major"},
      {R"({"unified":{"memory.high":1}})", "unified.memory.high"},
      {R"({"unified":{"../x":"1"}})", "unified.../x"},
      {R"({"unified":{"memory":"1"}})", "unified.memory"},
      {R"({"unified":{"":"1"}})", "unified."},
      {R"({"unified":{"cgroup.procs":"1"}})", "unified.cgroup.procs"},
      {R"({"unified":{"cgroup.freeze":"1"}})", "unified.cgroup.freeze"},
      {R"({"network":{"classID":-1}})", "network.classID"},
      {R"({"network":{"classID":1048577}})", "network.classID", QUILT_ERROR_NOT_SUPPORTED},
      {R"({"network":{"priorities":[{"name":"eth0","priority":500}]}})",
       "network.priorities[0].priority", QUILT_ERROR_NOT_SUPPORTED},
      {R"({"memory":{"kernel":4096}})", "memory.kernel", QUILT_ERROR_NOT_SUPPORTED},
      {R"({"memory":{"kernelTCP":4096}})", "memory.kernelTCP", QUILT_ERROR_NOT_SUPPORTED},
      {R"({"memory":{"disableOOMKiller":true}})", "memory.disableOOMKiller",
       QUILT_ERROR_NOT_SUPPORTED},
      {R"({"cpu":{"realtimeRuntime":950000}})", "cpu.realtimeRuntime", QUILT_ERROR_NOT_SUPPORTED},
      {R"({"blockIO":{"leafWeight":10}})", "blockIO.leafWeight", QUILT_ERROR_NOT_SUPPORTED},
      {R"({"intelRdt":{}})", "intelRdt", QUILT_ERROR_NOT_SUPPORTED},
  };

  for (const auto &c : cases) {
    Error error;
    Resources r = parse (c.text, error);

    EXPECT_EQ (r, nullptr) << c.text;
    EXPECT_TRUE (error.is (c.code, string ("'") + c.path + "'")) << c.text;
  }
}

TEST (OciResources, UpdateGoesOverWhatIsInForce)
{
  const struct {
    const char *in_force, *update, *merged;
  } cases[] = {
      {"{}", everything, everything},
      {everything, "{}", nullptr},
      {R"({"memory":{"limit":1,"swap":2}})", R"({"memory":{"limit":3}})",
       R"({"memory":{"limit":3,"swap":2}})"},
      {R"({"cpu":{"quota":1,"cpus":"0"}})", R"({"cpu":{"cpus":"1","quota":-1}})",
       R"({"cpu":{"quota":-1,"cpus":"1"}})"},
      {R"({"unified":{"a.b":"1","c.d":"2"}})", R"({"unified":{"c.d":"3"}})",
       R"({"unified":{"a.b":"1","c.d":"3"}})"},
      {R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":600}]}})",
       R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":0},)"
       R"({"major":8,"minor":1,"rate":5}]}})",
       R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":0},)"
       R"({"major":8,"minor":1,"rate":5}]}})"},
      {R"({"hugepageLimits":[{"pageSize":"2MB","limit":1}],"rdma":{"x":{"hcaHandles":1}}})",
       R"({"hugepageLimits":[{"pageSize":"2MB","limit":2},{"pageSize":"1GB","limit":3}],)"
       R"("rdma":{"x":{"hcaObjects":2},"y":{}}})",
       R"({"hugepageLimits":[{"pageSize":"2MB","limit":2},{"pageSize":"1GB","limit":3}],)"
       R"("rdma":{"x":{"hcaHandles":1,"hcaObjects":2},"y":{}}})"},
      {R"({"devices":[{"allow":true}]})", R"({"devices":[{"allow":false}]})",
       R"({"devices":[{"allow":false,"type":"a","access":"rwm"}]})"},
  };

  for (const auto &c : cases) {
    Error error;
    Resources in_force = parse (c.in_force, error);
    Resources update = parse (c.update, error);

    ASSERT_TRUE (error.none ());
    quilt_oci_resources_merge (in_force.get (), update.get ());
    if (c.merged)
      EXPECT_EQ (print (in_force), c.merged);
    else
      EXPECT_FALSE (in_force->memory_check);
  }
}
