/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCI configuration from JSON: what is read, what is printed, what is refused and by which
 * path. */
#include "base/check.h"

#include <linux/capability.h>

extern "C" {
#include "spec/oci/oci.h"
}

using std::string;
using Spec = std::unique_ptr<QuiltSpec, void (*) (QuiltSpec *)>;

static Spec
parse (const string &text, Error &error)
{
  return Spec (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);
}

static string
load (const char *name)
{
  string path = string (TEST_DATA "/") + name;
  char *text = nullptr;
  Error error;

  EXPECT_TRUE (g_file_get_contents (path.c_str (), &text, nullptr, error.out ()))
      << error.message ();
  return take (text);
}

static string
print (const Spec &spec)
{
  return take (quilt_spec_print (spec.get (), FALSE));
}

TEST (Oci, Minimal)
{
  Error error;
  Spec spec = parse (load ("good-minimal.json"), error);

  ASSERT_TRUE (error.none ());
  EXPECT_STREQ (spec->oci_version, "1.0.0");
  EXPECT_STREQ (spec->root_path, "rootfs");
  EXPECT_FALSE (spec->root_readonly);
  EXPECT_EQ (spec->hostname, nullptr);
  EXPECT_EQ (join (spec->process.args), "true|");
  EXPECT_EQ (spec->process.env, nullptr);
  EXPECT_STREQ (spec->process.cwd, "/");
  EXPECT_EQ (spec->process.umask, -1);
  EXPECT_FALSE (spec->process.has_oom_score_adj);
  EXPECT_FALSE (spec->process.no_new_privileges);
  EXPECT_FALSE (spec->process.has_capabilities);
  EXPECT_EQ (spec->process.additional_gids->len, 0u);
  EXPECT_EQ (spec->namespaces, (guint)QUILT_NS_MOUNT);
  EXPECT_EQ (spec->mounts->len, 0u);
  EXPECT_EQ (spec->start_container->len, 0u);
  EXPECT_EQ (spec->masked_paths, nullptr);
  EXPECT_EQ (g_hash_table_size (spec->annotations), 0u);
}

TEST (Oci, EverythingOfTheProcess)
{
  Error error;
  Spec spec = parse (load ("good-everything.json"), error);

  ASSERT_TRUE (error.none ());
  const QuiltProcess &process = spec->process;
  EXPECT_EQ (process.uid, 1000u);
  EXPECT_EQ (process.gid, 4294967294u);
  EXPECT_EQ (process.umask, 077);
  ASSERT_EQ (process.additional_gids->len, 2u);
  EXPECT_EQ (g_array_index (process.additional_gids, guint32, 0), 5u);
  EXPECT_EQ (g_array_index (process.additional_gids, guint32, 1), 27u);
  EXPECT_EQ (join (process.args), "/bin/sh|-c|echo \"$0\"||");
  EXPECT_EQ (join (process.env), "PATH=/bin:/usr/bin|EMPTY=|EQUALS=a=b|");
  EXPECT_STREQ (process.cwd, "/srv/www");
  EXPECT_TRUE (process.has_capabilities);
  EXPECT_EQ (process.capabilities.bounding, 1ULL << CAP_KILL | 1ULL << CAP_CHOWN);
  EXPECT_EQ (process.capabilities.effective, 1ULL << CAP_KILL);
  EXPECT_EQ (process.capabilities.permitted, 1ULL << CAP_KILL);
  EXPECT_EQ (process.capabilities.inheritable, 0u);
  EXPECT_EQ (process.capabilities.ambient, 0u);
  EXPECT_TRUE (process.no_new_privileges);
  EXPECT_TRUE (process.has_oom_score_adj);
  EXPECT_EQ (process.oom_score_adj, -500);
}

TEST (Oci, EverythingAroundIt)
{
  Error error;
  Spec spec = parse (load ("good-everything.json"), error);

  ASSERT_TRUE (error.none ());
  EXPECT_STREQ (spec->root_path, "/srv/rootfs");
  EXPECT_TRUE (spec->root_readonly);
  EXPECT_STREQ (spec->hostname, "web.example");
  ASSERT_EQ (spec->mounts->len, 3u);
  const auto *proc = (const QuiltMount *)spec->mounts->pdata[0];
  EXPECT_STREQ (proc->destination, "/proc");
  EXPECT_STREQ (proc->type, "proc");
  EXPECT_EQ (proc->options, nullptr);
  const auto *bind = (const QuiltMount *)spec->mounts->pdata[1];
  EXPECT_EQ (bind->type, nullptr);
  EXPECT_STREQ (bind->source, "/srv/data");
  EXPECT_EQ (join (bind->options), "rbind|ro|");
  ASSERT_EQ (spec->start_container->len, 2u);
  const auto *first = (const QuiltHook *)spec->start_container->pdata[0];
  EXPECT_STREQ (first->path, "/sbin/ldconfig");
  EXPECT_EQ (first->args, nullptr);
  EXPECT_EQ (first->timeout, 0);
  const auto *second = (const QuiltHook *)spec->start_container->pdata[1];
  EXPECT_EQ (join (second->args), "npm|ci|");
  EXPECT_EQ (join (second->env), "HOME=/root|");
  EXPECT_EQ (second->timeout, 30);
  EXPECT_EQ (g_hash_table_size (spec->annotations), 3u);
  EXPECT_STREQ ((char *)g_hash_table_lookup (spec->annotations, "org.quilt.name"), "web");
  EXPECT_EQ (spec->namespaces, 0x3fu);
  EXPECT_EQ (join (spec->masked_paths), "/proc/kcore|");
  ASSERT_NE (spec->readonly_paths, nullptr);
  EXPECT_EQ (join (spec->readonly_paths), "");
}

TEST (Oci, NamespacesThatAreThereAlreadyAreJoined)
{
  Error error;
  Spec spec = parse (R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/",)"
                     R"("args":["x"]},"linux":{"namespaces":[{"type":"mount"},)"
                     R"({"type":"network","path":"/proc/7/ns/net"},)"
                     R"({"type":"pid","path":"/proc/self/fd/8"}]}})",
                     error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->namespaces, (guint)QUILT_NS_MOUNT);
  ASSERT_EQ (spec->joins->len, 2u);
  const auto *network = (const QuiltNamespaceJoin *)spec->joins->pdata[0];
  const auto *pid = (const QuiltNamespaceJoin *)spec->joins->pdata[1];
  EXPECT_EQ (network->type, QUILT_NS_NETWORK);
  EXPECT_STREQ (network->path, "/proc/7/ns/net");
  EXPECT_EQ (pid->type, QUILT_NS_PID);
  string text = print (spec);
  EXPECT_EQ (print (parse (text, error)), text);
  EXPECT_NE (text.find (R"({"type":"pid","path":"/proc/self/fd/8"})"), string::npos) << text;
}

TEST (Oci, AJoinedUserNamespaceIsOneAllTheSame)
{
  const string map = R"([{"containerID":0,"hostID":600000,"size":65536}])";
  const string head = R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/",)"
                      R"("args":["x"]},"linux":{"namespaces":[{"type":"mount"},)"
                      R"({"type":"user","path":"/proc/7/ns/user"}])";
  Error error;
  Spec spec = parse (head + R"(,"uidMappings":)" + map + R"(,"gidMappings":)" + map + "}}", error);

  ASSERT_TRUE (error.none ());
  EXPECT_TRUE (quilt_spec_leaves_host (spec.get (), QUILT_NS_USER));
  EXPECT_TRUE (quilt_spec_leaves_host (spec.get (), QUILT_NS_MOUNT));
  EXPECT_FALSE (quilt_spec_leaves_host (spec.get (), QUILT_NS_PID));
  EXPECT_EQ (spec->namespaces, (guint)QUILT_NS_MOUNT);
  EXPECT_EQ (print (parse (print (spec), error)), print (spec));
  EXPECT_EQ (quilt_spec_get_unknown_users (spec.get ()), nullptr);
  EXPECT_EQ (parse (head + R"(,"gidMappings":)" + map + "}}", error), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "'linux.uidMappings': is missing"));
}

/* Fault 37. */
TEST (Oci, ARootIsBuiltInAMountNamespaceThatIsJoined)
{
  const string text = R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/",)"
                      R"("args":["x"]},"linux":{"namespaces":)"
                      R"([{"type":"mount","path":"/proc/7/ns/mnt"}]}})";
  Error error;
  Spec spec = parse (text, error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->namespaces, 0u);
  EXPECT_TRUE (quilt_spec_joins (spec.get (), QUILT_NS_MOUNT));
  EXPECT_TRUE (quilt_spec_builds_root (spec.get ()));
  spec->is_guest = TRUE;
  EXPECT_FALSE (quilt_spec_builds_root (spec.get ()));
}

/* Fault 16. */
TEST (Oci, MapsOfAJoinedUserNamespaceAreLearntLater)
{
  const string text = R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/",)"
                      R"("args":["x"],"user":{"uid":7,"gid":8}},"linux":{"namespaces":)"
                      R"([{"type":"mount"},{"type":"user","path":"/proc/7/ns/user"}]}})";
  g_autoptr (GArray) large = quilt_id_map_new_range (600000);
  g_autoptr (GArray) small = quilt_id_map_new ();
  Error error;

  quilt_id_map_add (small, 0, 600000, 8);
  for (GArray *gids : {large, small}) {
    Spec spec = parse (text, error);
    Error why;

    ASSERT_NE (spec, nullptr);
    EXPECT_STREQ (quilt_spec_get_unknown_users (spec.get ()), "/proc/7/ns/user");
    EXPECT_EQ (quilt_spec_learn_id_maps (spec.get (), small, gids, why.out ()), gids == large);
    EXPECT_TRUE (gids == large ? why.none ()
                               : why.is (QUILT_ERROR_INVALID_ARGUMENT, "'process.user.gid': 8"));
    EXPECT_EQ (quilt_spec_get_unknown_users (spec.get ()), nullptr);
  }
}

TEST (Oci, GoesRound)
{
  for (const char *name :
       {"good-minimal.json", "good-everything.json", "good-userns.json", "good-engine.json"}) {
    Error error;
    Spec spec = parse (load (name), error);
    ASSERT_TRUE (error.none ()) << name;
    string text = print (spec);
    Spec again = parse (text, error);
    ASSERT_TRUE (error.none ()) << text;
    EXPECT_EQ (print (again), text);
  }
}

TEST (Oci, HooksOfAllKinds)
{
  Error error;
  Spec spec = parse (load ("good-engine.json"), error);

  ASSERT_TRUE (error.none ()) << error.message ();
  const struct {
    const GPtrArray *hooks;
    const char *path;
  } kinds[] = {
      {spec->prestart, "/usr/libexec/net-setup"},   {spec->create_runtime, "/usr/bin/runtime-hook"},
      {spec->create_container, "/usr/bin/mounter"}, {spec->start_container, "ldconfig"},
      {spec->poststart, "/usr/bin/notify"},         {spec->poststop, "/usr/bin/cleanup"},
  };
  for (const auto &kind : kinds) {
    ASSERT_EQ (kind.hooks->len, 1u) << kind.path;
    EXPECT_STREQ (((const QuiltHook *)kind.hooks->pdata[0])->path, kind.path);
  }
  const auto *hook = (const QuiltHook *)spec->poststop->pdata[0];
  EXPECT_EQ (join (hook->args), "cleanup|--all|");
  EXPECT_EQ (join (hook->env), "A=b|");
  EXPECT_EQ (hook->timeout, 9);
}

TEST (Oci, SchedulingAndTheKernel)
{
  Error error;
  Spec spec = parse (load ("good-engine.json"), error);

  ASSERT_TRUE (error.none ()) << error.message ();
  const QuiltProcess &process = spec->process;
  EXPECT_TRUE (process.scheduler.is_set);
  EXPECT_EQ (process.scheduler.policy, 6);
  EXPECT_EQ (process.scheduler.flags, 3u);
  EXPECT_EQ (process.scheduler.runtime, 10000000u);
  EXPECT_EQ (process.scheduler.deadline, 30000000u);
  EXPECT_EQ (process.scheduler.period, 30000000u);
  EXPECT_EQ (process.io_priority.io_class, 3);
  EXPECT_EQ (process.io_priority.priority, 7);
  EXPECT_STREQ (process.exec_cpus_initial, "0");
  EXPECT_STREQ (process.exec_cpus_final, "0-3,8");
  EXPECT_STREQ (spec->domainname, "example");
  EXPECT_TRUE (spec->namespaces & QUILT_NS_TIME);
  EXPECT_EQ (spec->monotonic.secs, -5);
  EXPECT_EQ (spec->monotonic.nanosecs, 7);
  EXPECT_EQ (spec->boottime.secs, 86400);
  EXPECT_EQ (spec->personality, 8);
  EXPECT_STREQ (spec->rootfs_propagation, "rslave");
  ASSERT_EQ (spec->net_devices->len, 4u);
  const auto *device = (const QuiltNetDevice *)spec->net_devices->pdata[0];
  EXPECT_STREQ (device->name, "eth1");
  EXPECT_STREQ (quilt_net_device_get_new_name (device), "fast0");
  device = (const QuiltNetDevice *)spec->net_devices->pdata[1];
  EXPECT_STREQ (quilt_net_device_get_new_name (device), "eth2");
  device = (const QuiltNetDevice *)spec->net_devices->pdata[3];
  EXPECT_STREQ (quilt_net_device_get_new_name (device), "port%d");
}

TEST (Oci, TerminalCgroupAndListener)
{
  Error error;
  Spec spec = parse (load ("good-engine.json"), error);

  ASSERT_TRUE (error.none ()) << error.message ();
  EXPECT_TRUE (spec->process.terminal);
  EXPECT_TRUE (spec->process.has_console_size);
  EXPECT_EQ (spec->process.console_height, 25);
  EXPECT_EQ (spec->process.console_width, 65535);
  EXPECT_STREQ (spec->cgroups_path, "user.slice:engine:0123456789ab");
  ASSERT_NE (spec->seccomp, nullptr);
  EXPECT_STREQ (spec->seccomp->listener_path, "/run/agent.sock");
  EXPECT_STREQ (spec->seccomp->listener_metadata, "pod=7");
}

TEST (Oci, BytesOfACommandSurvive)
{
  Error error;
  Spec spec = parse ("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
                     "\"process\":{\"cwd\":\"/\",\"args\":[\"a\xff\xfe\\n\"]},"
                     "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}",
                     error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (join (spec->process.args), "a\xff\xfe\n|");
  EXPECT_EQ (join (parse (print (spec), error)->process.args), "a\xff\xfe\n|");
}

TEST (Oci, BadFiles)
{
  const struct {
    const char *name;
    int code;
    const char *why;
  } cases[] = {
      {"bad-duplicate-key.json", QUILT_ERROR_INVALID_ARGUMENT, "duplicate key 'noNewPrivileges'"},
      {"bad-seccomp.json", QUILT_ERROR_INVALID_ARGUMENT,
       "'linux.seccomp.defaultAction': 'SCMP_ACT_NONE'"},
      {"bad-truncated.json", QUILT_ERROR_INVALID_ARGUMENT, "unterminated string"},
      {"bad-windows.json", QUILT_ERROR_INVALID_ARGUMENT, "'process.cwd': must be an absolute path"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (parse (load (c.name), error), nullptr) << c.name;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.name;
  }
}

/* A configuration with one more key in its process, its linux or at its top. */
static string
with (const string &where, const string &extra)
{
  auto here = [&] (const char *name) { return where == name ? "," + extra : string (); };
  auto own = [&] (const char *name, const char *value) {
    return where == name ? extra : string (value);
  };

  return R"({"ociVersion":)" + own ("version", "\"1.0.0\"") + R"(,"root":)" +
         own ("root", R"({"path":"r"})") + R"(,"process":{"cwd":)" + own ("cwd", "\"/\"") +
         R"(,"args":)" + own ("args", R"(["true"])") + here ("process") +
         R"(},"linux":{"namespaces":)" + own ("namespaces", R"([{"type":"mount"}])") +
         here ("linux") + "}" + here ("top") + "}";
}

static const struct {
  const char *where, *extra, *why;
} invalid[] = {
    {"version", "1", "'ociVersion': must be a string"},
    {"root", R"("r")", "'root': must be an object"},
    {"root", "{}", "'root.path': is missing"},
    {"root", R"({"path":""})", "'root.path': is empty"},
    {"root", R"({"path":1})", "'root.path': must be a string"},
    {"root", R"({"path":"r","readonly":"yes"})", "'root.readonly': must be a boolean"},
    {"cwd", R"("srv")", "'process.cwd': must be an absolute path"},
    {"cwd", R"("")", "'process.cwd': must be an absolute path"},
    {"cwd", "null", "'process.cwd': must be a string"},
    {"args", "[]", "'process.args': must name a program"},
    {"args", R"([""])", "'process.args': must name a program"},
    {"args", R"("true")", "'process.args': must be an array"},
    {"args", R"(["true",0])", "'process.args[1]': must be a string"},
    {"process", R"("env":["A=1","B"])", "'process.env[1]': must be NAME=VALUE"},
    {"process", R"("env":["=1"])", "'process.env[0]': must be NAME=VALUE"},
    {"process", R"("terminal":0)", "'process.terminal': must be a boolean"},
    {"process", R"("consoleSize":[])", "'process.consoleSize': must be an object"},
    {"process", R"("consoleSize":{"width":80})", "'process.consoleSize': needs height and width"},
    {"process", R"("consoleSize":{"height":1,"width":65536})", "each 0 to 65535"},
    {"process", R"("consoleSize":{"height":-1,"width":80})", "each 0 to 65535"},
    {"process", R"("consoleSize":{"height":"25","width":80})", "consoleSize.height': must be an"},
    {"process", R"("user":{"uid":-1})", "'process.user.uid': must not be negative"},
    {"process", R"("user":{"uid":4294967295})", "'process.user.uid': must be at most 4294967294"},
    {"process", R"("user":{"gid":4294967296})", "'process.user.gid': must be at most 4294967294"},
    {"process", R"("user":{"umask":512})", "'process.user.umask': must be 0 to 511"},
    {"process", R"("user":{"umask":-1})", "'process.user.umask': must be 0 to 511"},
    {"process", R"("user":{"additionalGids":[1,4294967295]})", "'process.user.additionalGids[1]'"},
    {"process", R"("user":{"additionalGids":["wheel"]})", "additionalGids[0]': must be an integer"},
    {"process", R"("capabilities":[])", "'process.capabilities': must be an object"},
    {"process", R"("capabilities":{"bounding":["CAP_KILL","CAP_NONE"]})",
     "'process.capabilities.bounding[1]': must be a capability"},
    {"process", R"("capabilities":{"ambient":[1]})", "'process.capabilities.ambient[0]'"},
    {"process", R"("oomScoreAdj":1001)", "'process.oomScoreAdj': must be -1000 to 1000"},
    {"process", R"("noNewPrivileges":null)", "'process.noNewPrivileges': must be a boolean"},
    {"namespaces", R"([{"type":"mount","path":"/proc/1/ns/mnt"},{"type":"user"}])",
     "'linux.namespaces': a 'mount' namespace with a path"},
    {"namespaces", "[]", "'linux.namespaces': needs one of type 'mount'"},
    {"namespaces", R"([{"type":"pid"}])", "'linux.namespaces': needs one of type 'mount'"},
    {"namespaces", R"([{"type":"mount"},{"type":"mount"}])", "namespaces[1]': this type is given"},
    {"namespaces", R"([{}])", "'linux.namespaces[0].type': is missing"},
    {"namespaces", R"(["mount"])", "'linux.namespaces[0]': must be an object"},
    {"namespaces", R"([{"type":"mount"},{"type":"pid"},{"type":"pid","path":"/p"}])",
     "namespaces[2]': this type is given twice"},
    {"namespaces", R"([{"type":"pid","path":"/a"},{"type":"pid","path":"/b"}])",
     "namespaces[1]': this type is given twice"},
    {"namespaces", R"([{"type":"mount"},{"type":"pid","path":"ns/pid"}])",
     "'linux.namespaces[1].path': must be an absolute"},
    {"namespaces", R"([{"type":"mount"},{"type":"pid","path":7}])", "namespaces[1].path': must be"},
    {"top", R"("hostname":"web")", "'hostname': needs a namespace of type 'uts'"},
    {"top", R"("hostname":"")", "'hostname': is empty"},
    {"top", R"("mounts":{})", "'mounts': must be an array"},
    {"top", R"("mounts":[{"type":"proc"}])", "'mounts[0].destination': is missing"},
    {"top", R"("mounts":[{"destination":"proc"}])", "'mounts[0].destination': must be an absolute"},
    {"top", R"("mounts":[{"destination":"/p","options":["a",[]]}])", "'mounts[0].options[1]'"},
    {"top", R"("hooks":{"startContainer":[{}]})", "'hooks.startContainer[0].path': is missing"},
    {"top", R"("hooks":{"startContainer":[{"path":""}]})", "path': is empty"},
    {"top", R"("hooks":{"startContainer":[{"path":"/x","timeout":0}]})", "must be at least 1 s"},
    {"top", R"("hooks":{"startContainer":[{"path":"/x","timeout":-1}]})", "must be at least 1 s"},
    {"top", R"("hooks":{"startContainer":[{"path":"/x","env":["x"]}]})", "env[0]': must be NAME"},
    {"top", R"("hooks":{"prestart":[{"path":"x"}]})", "prestart[0].path': must be an absolute"},
    {"top", R"("hooks":{"poststop":[{"path":"/x"},{}]})", "'hooks.poststop[1].path': is missing"},
    {"top", R"("hooks":{"poststart":{}})", "'hooks.poststart': must be an array"},
    {"top", R"("hooks":{"createRuntime":[{"path":"/x","timeout":0}]})", "must be at least 1 s"},
    {"top", R"("domainname":"x")", "'domainname': needs a namespace of type 'uts'"},
    {"process", R"("scheduler":{"nice":1})", "'process.scheduler.policy': is missing"},
    {"process", R"("scheduler":{"policy":"SCHED_ISO"})", "'process.scheduler.policy': 'SCHED_ISO'"},
    {"process", R"("scheduler":{"policy":"SCHED_OTHER","nice":20})", "nice must be -20 to 19"},
    {"process", R"("scheduler":{"policy":"SCHED_OTHER","priority":1})", "has no priority"},
    {"process", R"("scheduler":{"policy":"SCHED_FIFO"})", "needs a priority, 1 to 99"},
    {"process", R"("scheduler":{"policy":"SCHED_RR","priority":100})", "needs a priority, 1 to 99"},
    {"process", R"("scheduler":{"policy":"SCHED_IDLE","runtime":1})", "SCHED_DEADLINE alone"},
    {"process", R"("scheduler":{"policy":"SCHED_DEADLINE","runtime":2,"deadline":1})",
     "runtime <="},
    {"process", R"("scheduler":{"policy":"SCHED_OTHER","flags":["X"]})",
     "scheduler.flags[0]': 'X'"},
    {"process", R"("ioPriority":{"priority":1})", "'process.ioPriority.class': is missing"},
    {"process", R"("ioPriority":{"class":"IOPRIO_CLASS_NONE"})", "'IOPRIO_CLASS_NONE'"},
    {"process", R"("ioPriority":{"class":"IOPRIO_CLASS_BE","priority":8})", "must be 0 to 7"},
    {"process", R"("execCPUAffinity":{"initial":"0-"})", "execCPUAffinity.initial': must be proc"},
    {"process", R"("execCPUAffinity":{"final":7})", "execCPUAffinity.final': must be a string"},
    {"linux", R"("timeOffsets":{"boottime":{"secs":1}})", "needs a new namespace of type 'time'"},
    {"linux", R"("timeOffsets":{"boottime":{"nanosecs":1000000000}})", "nanosecs must be 0 to"},
    {"linux", R"("timeOffsets":{"boottime":{"secs":"1"}})", "timeOffsets.boottime.secs'"},
    {"linux", R"("personality":{"domain":"BSD"})", "personality.domain': must be 'LINUX'"},
    {"linux", R"("personality":{"flags":[]})", "'linux.personality.domain': is missing"},
    {"linux", R"("rootfsPropagation":"public")", "'linux.rootfsPropagation': must be shared"},
    {"linux", R"("netDevices":{"eth0":{}})", "needs a namespace of type 'network'"},
    {"linux", R"("netDevices":{"eth0":{"name":"a/b"}})",
     "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a name":{}})", "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a":{"name":"%d"}})", "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a":{"name":"%da"}})",
     "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a":{"name":"a%d%d"}})",
     "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a":{"name":"a%s"}})",
     "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a%d":{}})", "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a":{"name":"abcdefghijklmn%d"}})",
     "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"eth0123456789abc":{}})",
     "must be a valid name of a network interface"},
    {"linux", R"("netDevices":{"a":{"name":"x"},"b":{"name":"x"}})",
     "'linux.netDevices.b': another"},
    {"linux", R"("netDevices":{"a":[]})", "'linux.netDevices.a': must be an object"},
    {"linux", R"("devices":[{"type":"c","path":"/dev/a","major":1,"minor":1,"uid":4294967295}])",
     "'linux.devices[0]': its uid and gid"},
    {"top", R"("mounts":[{"destination":"/p","uidMappings":[{}]}])", "uidMappings[0]': its size"},
    {"top", R"("mounts":[{"destination":"/p","gidMappings":[{"size":1}]}])", "needs both uidMapp"},
    {"top", R"("annotations":{"a":1})", "'annotations.a': must be a string"},
    {"top", R"("annotations":{"":"x"})", "'annotations': a key is empty"},
    {"process", R"("rlimits":[{"type":"RLIMIT_X","soft":0,"hard":0}])", "rlimits[0]': its type"},
    {"process", R"("rlimits":[{"soft":0,"hard":0}])", "'process.rlimits[0].type': is missing"},
    {"process", R"("rlimits":[{"type":"RLIMIT_CPU","soft":0}])", "needs both 'soft' and 'hard'"},
    {"process", R"("rlimits":[{"type":"RLIMIT_CPU","soft":2,"hard":1}])", "above the hard one"},
    {"process",
     R"("rlimits":[{"type":"RLIMIT_CPU","soft":1,"hard":1},{"type":"RLIMIT_CPU","soft":1,"hard":1}])",
     "'process.rlimits[1]': this type is given twice"},
    {"linux", R"("sysctl":{"kernel.core_pattern":"|/evil"})",
     "'linux.sysctl.kernel.core_pattern': it belongs to no namespace"},
    {"linux", R"("sysctl":{"net.ipv4.ip_forward":"1"})", "needs a network namespace of its own"},
    {"linux", R"("sysctl":{"kernel.sem":1})", "'linux.sysctl.kernel.sem': must be a string"},
    {"linux", R"("sysctl":{"net/../kernel/panic":"1"})", "it is not a key"},
    {"linux", R"("resources":[])", "'linux.resources': must be an object"},
    {"linux", R"("cgroupsPath":{})", "'linux.cgroupsPath': must be a string"},
    {"linux", R"("maskedPaths":["/a","b"])", "'linux.maskedPaths[1]': must be an absolute path"},
    {"linux", R"("readonlyPaths":[""])", "'linux.readonlyPaths[0]': must be an absolute path"},
};

TEST (Oci, InvalidValuesAreNamedByPath)
{
  for (const auto &c : invalid) {
    Error error;

    EXPECT_EQ (parse (with (c.where, c.extra), error), nullptr) << c.extra;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.extra;
  }
}

static const struct {
  const char *where, *extra, *why;
} unsupported[] = {
    {"version", R"("2.0.0")", "version '2.0.0' is not supported, only 1.x"},
    {"version", R"("1.")", "version '1.'"},
    {"version", R"("10.0.0")", "version '10.0.0'"},
    {"version", R"("1")", "version '1'"},
    {"version", R"("")", "version ''"},
    {"top", R"("mystery":1)", "'mystery': unknown key"},
    {"top", R"("annotations":{"run.oci.handler":"krun"})", "'annotations.run.oci.handler'"},
    {"top", R"("annotations":{"run.oci.systemd.force_cgroup_v1":"/x"})", "only cgroup version 2"},
    {"top", R"("solaris":{"a":1})", "'solaris'"},
    {"top", R"("windows":{"a":1})", "'windows'"},
    {"top", R"("vm":{"a":1})", "'vm'"},
    {"top", R"("zos":{"a":1})", "'zos'"},
    {"top", R"("hooks":{"later":[]})", "'hooks.later': unknown key"},
    {"top", R"("mounts":[{"destination":"/p","x":0}])", "'mounts[0].x': unknown key"},
    {"root", R"({"path":"r","fs":"ext4"})", "'root.fs': unknown key"},
    {"process", R"("user":{"shell":"x"})", "'process.user.shell': unknown key"},
    {"process", R"("capabilities":{"all":[]})", "'process.capabilities.all': unknown key"},
    {"linux", R"("uidMappings":[{"containerID":0,"hostID":0,"size":1,"x":1}])", "Mappings[0].x'"},
    {"linux", R"("intelRdt":{"closID":"x"})", "'linux.intelRdt'"},
    {"linux", R"("memoryPolicy":{"mode":"MPOL_BIND"})", "'linux.memoryPolicy'"},
    {"linux", R"("personality":{"domain":"LINUX","flags":["X"]})", "'linux.personality.flags'"},
    {"namespaces", R"([{"type":"mount"},{"type":"disk"}])", "'disk' namespaces are not supported"},
    {"linux", R"("seccompp":{})", "'linux.seccompp': unknown key"},
};

TEST (Oci, RefusesUnsupportedFieldsByPath)
{
  for (const auto &c : unsupported) {
    Error error;

    EXPECT_EQ (parse (with (c.where, c.extra), error), nullptr) << c.extra;
    EXPECT_TRUE (error.is (QUILT_ERROR_NOT_SUPPORTED, c.why)) << c.extra;
  }
}

/* Fault 34. */
TEST (Oci, EveryLaterMinorVersionIsTaken)
{
  for (const char *version : {R"("1.0.0")", R"("1.2.1-rc.1")", R"("1.3.0")", R"("1.20.0+dev")"}) {
    Error error;

    EXPECT_NE (parse (with ("version", version), error), nullptr) << version;
    EXPECT_TRUE (error.none ()) << version;
  }
}

/* Fault 35. Each is refused in a configuration of Quilt's own, as above. */
static const struct {
  const char *where, *extra, *unknown;
} unknown[] = {
    {"top", R"("mystery":1)", "mystery"},
    {"top", R"("mystery":{"ociVersion":"9"},"\u001b[31m":[])", "mystery, \\x1b[31m"},
    {"top", R"("hooks":{"later":[{"path":"x"}]})", "hooks.later"},
    {"top", R"("hooks":{"prestart":[{"path":"/x","user":0}]})", "hooks.prestart[0].user"},
    {"top", R"("hooks":{"startContainer":[{"path":"/x","user":0}]})",
     "hooks.startContainer[0].user"},
    {"top", R"("mounts":[{"destination":"/p","x":0}])", "mounts[0].x"},
    {"top",
     R"("mounts":[{"destination":"/p","uidMappings":[{"containerID":0,"hostID":0,"size":1,"y":1}],)"
     R"("gidMappings":[{"containerID":0,"hostID":0,"size":1}]}])",
     "mounts[0].uidMappings[0].y"},
    {"root", R"({"path":"r","fs":"ext4"})", "root.fs"},
    {"process", R"("shell":"x")", "process.shell"},
    {"process", R"("user":{"shell":"x"})", "process.user.shell"},
    {"process", R"("consoleSize":{"height":1,"width":1,"depth":1})", "process.consoleSize.depth"},
    {"process", R"("capabilities":{"all":[]})", "process.capabilities.all"},
    {"process", R"("capabilities":{"bounding":["CAP_NEW","CAP_CHOWN","cap_chown"]})",
     "process.capabilities.bounding 'cap_chown', process.capabilities.bounding 'CAP_NEW'"},
    {"process", R"("rlimits":[{"type":"RLIMIT_CORE","soft":0,"hard":0,"x":0}])",
     "process.rlimits[0].x"},
    {"process", R"("scheduler":{"policy":"SCHED_OTHER","x":0})", "process.scheduler.x"},
    {"process", R"("ioPriority":{"class":"IOPRIO_CLASS_BE","priority":4,"x":0})",
     "process.ioPriority.x"},
    {"process", R"("execCPUAffinity":{"x":"0"})", "process.execCPUAffinity.x"},
    {"namespaces", R"([{"type":"mount","x":1}])", "linux.namespaces[0].x"},
    {"linux", R"("seccompp":{"defaultAction":1})", "linux.seccompp"},
    {"linux",
     R"("seccomp":{"defaultAction":"SCMP_ACT_ALLOW","x":1,"syscalls":[{"names":["read"],)"
     R"("action":"SCMP_ACT_ALLOW","y":1,"args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ",)"
     R"("z":1}]}]})",
     "linux.seccomp.x, linux.seccomp.syscalls[0].y, linux.seccomp.syscalls[0].args[0].z"},
    {"linux", R"("devices":[{"type":"c","path":"/dev/x","major":1,"minor":3,"x":0}])",
     "linux.devices[0].x"},
    {"linux", R"("personality":{"domain":"LINUX","x":1})", "linux.personality.x"},
    {"linux", R"("timeOffsets":{"realtime":{}})", "linux.timeOffsets.realtime"},
    {"linux",
     R"("resources":{"x":1,"memory":{"y":1},"cpu":{"y":1},"pids":{"y":1},)"
     R"("blockIO":{"y":1,"weightDevice":[{"major":8,"minor":0,"y":1}]},)"
     R"("hugepageLimits":[{"pageSize":"2MB","limit":1,"y":1}],"rdma":{"a":{"y":1}},)"
     R"("devices":[{"allow":false,"y":1}]})",
     "linux.resources.x, linux.resources.memory.y, linux.resources.cpu.y, linux.resources.pids.y, "
     "linux.resources.blockIO.y, linux.resources.blockIO.weightDevice[0].y, "
     "linux.resources.hugepageLimits[0].y, linux.resources.rdma.a.y, "
     "linux.resources.devices[0].y"},
};

TEST (Oci, LenientParsingLeavesUnknownKeysOutAndNamesThem)
{
  for (const auto &c : unknown) {
    const string text = with (c.where, c.extra);
    g_autofree char *names = nullptr;
    Error error, refused;
    Spec spec (quilt_spec_parse_lenient (text.data (), text.size (), &names, error.out ()),
               quilt_spec_free);

    EXPECT_TRUE (error.none ()) << c.extra;
    EXPECT_STREQ (names, c.unknown) << c.extra;
    EXPECT_EQ (parse (text, refused), nullptr) << c.extra;
  }
}

TEST (Oci, LenientParsingRefusesInvalidValues)
{
  for (const auto &c : invalid) {
    const string text = with (c.where, c.extra);
    g_autofree char *names = nullptr;
    Error error;

    if (strstr (c.why, "capability"))
      continue;
    EXPECT_EQ (quilt_spec_parse_lenient (text.data (), text.size (), &names, error.out ()), nullptr)
        << c.extra;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.extra;
  }
}

TEST (Oci, LabelsGoRoundAndAreChecked)
{
  const char *process = R"("apparmorProfile":"quilt-default","selinuxLabel":"u:r:t:s0:c1,c2")";
  const struct {
    const char *where, *extra, *why;
  } bad[] = {
      {"process", R"("apparmorProfile":"two words")", "'process.apparmorProfile'"},
      {"process", R"("selinuxLabel":"x")", "'process.selinuxLabel'"},
      {"process", R"("selinuxLabel":"u:r:t :s0")", "'process.selinuxLabel'"},
      {"linux", R"("mountLabel":"u:r")", "'linux.mountLabel'"},
  };
  Error error;
  Spec spec = parse (with ("process", process), error);

  ASSERT_NE (spec, nullptr);
  EXPECT_STREQ (spec->process.apparmor_profile, "quilt-default");
  EXPECT_STREQ (spec->process.selinux_label, "u:r:t:s0:c1,c2");
  spec->mount_label = g_strdup ("u:object_r:t:s0");
  g_autofree char *text = quilt_spec_print (spec.get (), FALSE);
  Spec again = parse (text, error);
  ASSERT_NE (again, nullptr);
  EXPECT_STREQ (again->process.apparmor_profile, "quilt-default");
  EXPECT_STREQ (again->process.selinux_label, "u:r:t:s0:c1,c2");
  EXPECT_STREQ (again->mount_label, "u:object_r:t:s0");
  for (const auto &c : bad) {
    Error why;

    EXPECT_EQ (parse (with (c.where, c.extra), why), nullptr) << c.extra;
    EXPECT_TRUE (why.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.extra;
  }
}

TEST (Oci, MissingPartsAreNamed)
{
  const struct {
    const char *text, *why;
  } cases[] = {
      {"{}", "'ociVersion': is missing"},
      {R"({"ociVersion":"1.0.0"})", "'root': is missing"},
      {R"({"ociVersion":"1.0.0","root":{"path":"r"}})", "'process': is missing"},
      {R"({"process":{}})", "'process.cwd': is missing"},
      {R"({"process":{"cwd":"/"}})", "'process.args': is missing"},
      {R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/","args":["x"]}})",
       "'linux.namespaces': needs"},
      {"[]", "must be an object"},
      {"null", "the whole text is null"},
      {"", "the text ends here"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (parse (c.text, error), nullptr) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.text;
  }
  EXPECT_EQ (quilt_spec_parse ("{}", 2, nullptr), nullptr);
}

TEST (Oci, SizeIsBounded)
{
  Error error;

  EXPECT_EQ (
      parse (with ("top", "\"annotations\":{\"a\":\"" + string (4 << 20, 'x') + "\"}"), error),
      nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "more than 4194304 bytes"));
}

TEST (Oci, ResourcesAreKeptAndPrinted)
{
  Error error;
  Spec none = parse (load ("good-minimal.json"), error);
  Spec spec = parse (load ("good-everything.json"), error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (none->resources, nullptr);
  ASSERT_NE (spec->resources, nullptr);
  EXPECT_EQ (spec->resources->memory_limit, 1048576);
  EXPECT_EQ (spec->resources->pids_limit, 10);
  Spec again = parse (print (spec), error);
  ASSERT_TRUE (error.none ());
  ASSERT_NE (again->resources, nullptr);
  EXPECT_EQ (again->resources->memory_limit, 1048576);
  EXPECT_EQ (again->resources->devices->len, 1u);
}
