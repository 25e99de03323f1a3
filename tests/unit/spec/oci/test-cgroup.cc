/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources as what is written into a cgroup's files: tables. */
#include "base/check.h"

extern "C" {
#include "spec/oci/cgroup.h"
}

using std::string;

/* "FILE=VALUE", with "?" where the file may be missing and "|FILE=VALUE" for what is written then;
 * or the error. */
static string
plan (const string &text)
{
  Error error;
  QuiltOciResources *resources =
      quilt_oci_resources_parse (text.data (), text.size (), error.out ());
  GPtrArray *writes = resources ? quilt_cgroup_plan_writes (resources, error.out ()) : nullptr;
  string result;

  for (guint i = 0; writes && i < writes->len; i++) {
    auto *write = (QuiltCgroupWrite *)writes->pdata[i];

    result += string (result.empty () ? "" : ", ") + write->file + "=" + write->value;
    if (write->optional)
      result += "?";
    if (write->other_file)
      result += string ("|") + write->other_file + "=" + write->other_value;
  }
  if (writes)
    g_ptr_array_unref (writes);
  quilt_oci_resources_free (resources);
  return error.none () ? result : error.message ();
}

TEST (OciCgroup, Writes)
{
  const struct {
    const char *resources, *writes;
  } cases[] = {
      {"{}", ""},
      {R"({"memory":{"limit":0,"swap":0},"cpu":{"shares":0,"quota":0},"pids":{"limit":0}})", ""},
      {R"({"memory":{"limit":1000,"swap":3000,"reservation":500}})",
       "memory.max=1000, memory.swap.max=2000?, memory.low=500"},
      {R"({"memory":{"limit":1000,"swap":1000}})", "memory.max=1000, memory.swap.max=0?"},
      {R"({"memory":{"limit":1000,"swap":-1}})", "memory.max=1000, memory.swap.max=max?"},
      {R"({"memory":{"limit":1000}})", "memory.max=1000"},
      {R"({"memory":{"limit":-1}})", "memory.max=max?, memory.swap.max=max?"},
      {R"({"memory":{"limit":-1,"swap":5}})", "memory.max=max?, memory.swap.max=5?"},
      {R"({"memory":{"swap":-1,"reservation":-1}})", "memory.swap.max=max?, memory.low=max?"},
      {R"({"pids":{"limit":7}})", "pids.max=7"},
      {R"({"pids":{"limit":-1}})", "pids.max=max?"},
      {R"({"cpu":{"shares":1024}})", "cpu.weight=100?"},
      {R"({"cpu":{"shares":2}})", "cpu.weight=1"},
      {R"({"cpu":{"shares":512,"idle":0}})", "cpu.idle=0?, cpu.weight=59"},
      {R"({"cpu":{"shares":512,"idle":1}})", "cpu.idle=1"},
      {R"({"cpu":{"quota":50000}})", "cpu.max=50000 100000"},
      {R"({"cpu":{"quota":50000,"period":20000,"burst":100}})",
       "cpu.max.burst=0?, cpu.max=50000 20000, cpu.max.burst=100"},
      {R"({"cpu":{"quota":-1}})", "cpu.max=max 100000?"},
      {R"({"cpu":{"period":20000,"burst":0}})", "cpu.max.burst=0?, cpu.max=max 20000?"},
      {R"({"cpu":{"cpus":"0-1","mems":"0"}})", "cpuset.cpus=0-1, cpuset.mems=0"},
      {R"({"blockIO":{"weight":10,"weightDevice":[{"major":8,"minor":0,"weight":1000}]}})",
       "io.bfq.weight=10|io.weight=1, io.bfq.weight=8:0 1000|io.weight=8:0 10000"},
      {R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":600}],)"
       R"("throttleWriteBpsDevice":[{"major":8,"minor":0,"rate":18446744073709551615}],)"
       R"("throttleReadIOPSDevice":[{"major":8,"minor":0,"rate":0}],)"
       R"("throttleWriteIOPSDevice":[{"major":8,"minor":16,"rate":1}]}})",
       "io.max=8:0 rbps=600, io.max=8:0 wbps=18446744073709551615, io.max=8:0 riops=max?, "
       "io.max=8:16 wiops=1"},
      {R"({"hugepageLimits":[{"pageSize":"2MB","limit":0}]})",
       "hugetlb.2MB.max=0, hugetlb.2MB.rsvd.max=0?"},
      {R"({"rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":10},"rxe3":{"hcaObjects":1},"x":{}}})",
       "rdma.max=mlx5_1 hca_handle=3 hca_object=10, rdma.max=rxe3 hca_object=1"},
      {R"({"memory":{"limit":5},"unified":{"memory.max":"7","io.max":"8:0 rbps=1\n8:1 rbps=2\n",)"
       R"("memory.low":""}})",
       "memory.max=5, io.max=8:0 rbps=1, io.max=8:1 rbps=2, memory.max=7"},
      {R"({"memory":{"swap":5}})", "Failed to read 'memory.swap', which is memory and swap "
                                   "together: it needs 'memory.limit' too"},
      {R"({"memory":{"limit":6,"swap":5}})", "Failed to read 'memory.swap', which is memory and "
                                             "swap together: it is less than 'memory.limit'"},
  };

  for (const auto &c : cases)
    EXPECT_EQ (plan (c.resources), c.writes) << c.resources;
}
