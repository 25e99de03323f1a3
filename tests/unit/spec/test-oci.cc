/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCI configuration from JSON: what is read, what is printed, what is refused and by which
 * path. */
#include "base/check.h"

#include <linux/capability.h>

extern "C" {
#include "spec/oci.h"
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
  EXPECT_EQ (parse (head + "}}", error), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "'linux.uidMappings': is missing"));
}

TEST (Oci, GoesRound)
{
  for (const char *name : {"good-minimal.json", "good-everything.json", "good-userns.json"}) {
    Error error;
    Spec spec = parse (load (name), error);
    ASSERT_TRUE (error.none ()) << name;
    string text = print (spec);
    Spec again = parse (text, error);
    ASSERT_TRUE (error.none ()) << text;
    EXPECT_EQ (print (again), text);
  }
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
      {"bad-host-namespace.json", QUILT_ERROR_NOT_SUPPORTED, "'linux.namespaces[1].path'"},
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
    {"args", "[]", "'process.args': names no program"},
    {"args", R"([""])", "'process.args': names no program"},
    {"args", R"("true")", "'process.args': must be an array"},
    {"args", R"(["true",0])", "'process.args[1]': must be a string"},
    {"process", R"("env":["A=1","B"])", "'process.env[1]': must be NAME=VALUE"},
    {"process", R"("env":["=1"])", "'process.env[0]': must be NAME=VALUE"},
    {"process", R"("terminal":0)", "'process.terminal': must be a boolean"},
    {"process", R"("consoleSize":[])", "'process.consoleSize': must be an object"},
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
    {"linux", R"("sysctl":{"net/../kernel/panic":"1"})", "it is no key"},
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
    {"version", R"("2.0.0")", "version '2.0.0' is not supported, only 1.0 to 1.2"},
    {"version", R"("1.20.0")", "version '1.20.0'"},
    {"version", R"("")", "version ''"},
    {"top", R"("mystery":1)", "'mystery': unknown key"},
    {"top", R"("domainname":"x")", "'domainname'"},
    {"top", R"("solaris":{"a":1})", "'solaris'"},
    {"top", R"("windows":{"a":1})", "'windows'"},
    {"top", R"("vm":{"a":1})", "'vm'"},
    {"top", R"("zos":{"a":1})", "'zos'"},
    {"top", R"("hooks":{"prestart":[{"path":"/x"}]})", "'hooks.prestart'"},
    {"top", R"("hooks":{"createRuntime":[{"path":"/x"}]})", "'hooks.createRuntime'"},
    {"top", R"("hooks":{"createContainer":[{"path":"/x"}]})", "'hooks.createContainer'"},
    {"top", R"("hooks":{"poststart":[{"path":"/x"}]})", "'hooks.poststart'"},
    {"top", R"("hooks":{"poststop":[{"path":"/x"}]})", "'hooks.poststop'"},
    {"top", R"("hooks":{"later":[]})", "'hooks.later': unknown key"},
    {"top", R"("mounts":[{"destination":"/p","uidMappings":[{}]}])", "'mounts[0].uidMappings'"},
    {"top", R"("mounts":[{"destination":"/p","gidMappings":[{}]}])", "'mounts[0].gidMappings'"},
    {"top", R"("mounts":[{"destination":"/p","x":0}])", "'mounts[0].x': unknown key"},
    {"root", R"({"path":"r","fs":"ext4"})", "'root.fs': unknown key"},
    {"process", R"("terminal":true)", "'process.terminal': terminals are not supported yet"},
    {"process", R"("scheduler":{"policy":"SCHED_IDLE"})", "'process.scheduler'"},
    {"process", R"("ioPriority":{"class":"IOPRIO_CLASS_IDLE"})", "'process.ioPriority'"},
    {"process", R"("execCPUAffinity":{"initial":"0"})", "'process.execCPUAffinity'"},
    {"process", R"("commandLine":"x")", "'process.commandLine'"},
    {"process", R"("user":{"username":"x"})", "'process.user.username'"},
    {"process", R"("user":{"shell":"x"})", "'process.user.shell': unknown key"},
    {"process", R"("capabilities":{"all":[]})", "'process.capabilities.all': unknown key"},
    {"namespaces", R"([{"type":"time"}])", "'time' namespaces are not supported"},
    {"namespaces", R"([{"type":"mount","path":"/proc/1/ns/mnt"}])", "'linux.namespaces[0].path'"},
    {"namespaces", R"([{"type":"mount"},{"type":"cgroup","path":"/proc/1/ns/cgroup"}])",
     "'linux.namespaces[1].path': an existing 'cgroup' namespace"},
    {"linux", R"("uidMappings":[{"containerID":0,"hostID":0,"size":1,"x":1}])", "Mappings[0].x'"},
    {"linux", R"("timeOffsets":{"boottime":{"secs":1}})", "'linux.timeOffsets'"},
    {"linux", R"("devices":[{"type":"c","path":"/dev/a","major":1,"minor":1,"uid":5}])",
     "devices[0].uid'"},
    {"linux", R"("rootfsPropagation":"shared")", "'linux.rootfsPropagation'"},
    {"linux", R"("intelRdt":{"closID":"x"})", "'linux.intelRdt'"},
    {"linux", R"("personality":{"domain":"LINUX32"})", "'linux.personality'"},
    {"linux", R"("seccompp":{})", "'linux.seccompp': unknown key"},
};

TEST (Oci, WhatIsNotSupportedIsNamedByPath)
{
  for (const auto &c : unsupported) {
    Error error;

    EXPECT_EQ (parse (with (c.where, c.extra), error), nullptr) << c.extra;
    EXPECT_TRUE (error.is (QUILT_ERROR_NOT_SUPPORTED, c.why)) << c.extra;
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
      {"null", "nothing but null"},
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

static string
with_resources (const string &text)
{
  return "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/r\"},\"process\":{\"args\":[\"a\"],"
         "\"cwd\":\"/\"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"resources\":" +
         text + "}}";
}

/* As the examples of runtime-spec have it: what they call good passes, or is refused as something
 * that is not supported; what they call bad is refused as wrong. */
TEST (Oci, ResourcesAreCheckedThoughTheyAreNotKept)
{
  const char *const good[] = {
      "{}",
      "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"rxe3\":{}}}",
      "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9223372036854772000},"
      "{\"pageSize\":\"64KB\",\"limit\":1}]}",
      "{\"pids\":{\"limit\":-1},\"memory\":{\"limit\":536870912,\"swap\":-1,\"swappiness\":0,"
      "\"disableOOMKiller\":false},\"unified\":{\"memory.high\":\"max\"}}",
      "{\"cpu\":{\"shares\":1024,\"quota\":-1,\"period\":500000,\"cpus\":\"2-3\",\"idle\":1}}",
      "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\","
      "\"major\":10,\"minor\":229,\"access\":\"rw\"}]}",
      "{\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500}],"
      "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}]}}",
      "{\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":500}]}}",
  };
  const struct {
    const char *text, *path;
  } bad[] = {
      {"{\"rdma\":[{\"device\":\"mlx5_1\"}]}", "linux.resources.rdma"},
      {"{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":\"many\"}}}",
       "linux.resources.rdma.mlx5_1.hcaHandles"},
      {"{\"hugepageLimits\":[{\"pageSize\":\"64kB\"}]}",
       "linux.resources.hugepageLimits[0].pageSize"},
      {"{\"hugepageLimits\":[{\"pageSize\":\"0MB\"}]}",
       "linux.resources.hugepageLimits[0].pageSize"},
      {"{\"hugepageLimits\":[{\"pageSize\":\"2\"}]}", "linux.resources.hugepageLimits[0].pageSize"},
      {"{\"blockIO\":{\"weight\":65536}}", "linux.resources.blockIO.weight"},
      {"{\"blockIO\":{\"throttleWriteIOPSDevice\":[1]}}",
       "linux.resources.blockIO.throttleWriteIOPSDevice[0]"},
      {"{\"cpu\":{\"shares\":-1}}", "linux.resources.cpu.shares"},
      {"{\"cpu\":{\"cpus\":3}}", "linux.resources.cpu.cpus"},
      {"{\"devices\":[{\"access\":\"rwx\"}]}", "linux.resources.devices[0].access"},
      {"{\"devices\":[{\"type\":\"cb\"}]}", "linux.resources.devices[0].type"},
      {"{\"unified\":{\"memory.high\":1}}", "linux.resources.unified.memory.high"},
      {"{\"unified\":{\"../x\":\"1\"}}", "linux.resources.unified.../x"},
      {"{\"network\":{\"classID\":-1}}", "linux.resources.network.classID"},
      {"{\"memory\":7}", "linux.resources.memory"},
  };

  for (const char *text : good) {
    Error error;

    parse (with_resources (text), error);
    EXPECT_TRUE (error.none ()) << text << ": " << error.message ();
  }
  for (const auto &c : bad) {
    Error error;

    parse (with_resources (c.text), error);
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, string ("'") + c.path + "'")) << c.text;
  }
}
