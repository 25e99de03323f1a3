/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seccomp from JSON and back, what of a profile is for whom, and the head of a compiled filter. */
#include "base/check.h"

extern "C" {
#include "base/json.h"
#include "spec/capabilities.h"
#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"
}

#include <linux/seccomp.h>

using std::string;
using Seccomp = std::unique_ptr<QuiltSeccomp, void (*) (QuiltSeccomp *)>;

static Seccomp
parse (const string &text, Error &error)
{
  return Seccomp (quilt_seccomp_profile_parse (text.data (), text.size (), error.out ()),
                  quilt_seccomp_free);
}

static Seccomp
resolve (const string &text,
         const char *machine = "x86_64",
         const char *release = "6.1.0-18-amd64",
         guint64 caps = 0)
{
  QuiltSeccompTarget target = {};
  Error error;
  Seccomp profile = parse (text, error);

  EXPECT_TRUE (error.none ());
  EXPECT_TRUE (quilt_seccomp_target_init (&target, machine, release, caps, error.out ()));
  return Seccomp (quilt_seccomp_resolve (profile.get (), &target), quilt_seccomp_free);
}

static string
print (const Seccomp &seccomp)
{
  json_object *object = quilt_seccomp_to_json (seccomp.get ());
  string text = take (quilt_json_print (object, FALSE));

  json_object_put (object);
  return text;
}

/* The names of all rules. */
static string
names (const Seccomp &seccomp)
{
  string all;

  for (guint i = 0; i < seccomp->rules->len; i++)
    all += join (static_cast<QuiltSeccompRule *> (seccomp->rules->pdata[i])->names);
  return all;
}

static string
rules (const string &text)
{
  return R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[)" + text + "]}";
}

TEST (Seccomp, WhatIsPrintedIsReadAsTheSame)
{
  const string text =
      R"({"defaultAction":"SCMP_ACT_TRACE","defaultErrnoRet":7,)"
      R"("architectures":["SCMP_ARCH_X86","SCMP_ARCH_X86_64"],)"
      R"("flags":["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW"],"syscalls":[)"
      R"({"names":["read","write"],"action":"SCMP_ACT_ALLOW"},)"
      R"({"names":["ioctl"],"action":"SCMP_ACT_ERRNO","errnoRet":0,"args":[)"
      R"({"index":5,"value":18446744073709551615,"valueTwo":3,"op":"SCMP_CMP_MASKED_EQ"},)"
      R"({"index":0,"value":1,"op":"SCMP_CMP_NE"}]},)"
      R"({"names":["dup"],"action":"SCMP_ACT_KILL_THREAD"},)"
      R"({"names":["dup2"],"action":"SCMP_ACT_KILL_PROCESS"},)"
      R"({"names":["dup3"],"action":"SCMP_ACT_TRAP"},)"
      R"({"names":["open"],"action":"SCMP_ACT_LOG"}]})";
  Error error;
  json_object *object = quilt_json_parse (text.data (), text.size (), 1 << 20, error.out ());
  Seccomp seccomp (quilt_seccomp_read (object, "linux.seccomp", error.out ()), quilt_seccomp_free);

  json_object_put (object);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (print (seccomp), text);
  EXPECT_EQ (seccomp->flags, (guint)(SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
}

TEST (Seccomp, DefaultsAndOldSpellings)
{
  Seccomp seccomp =
      resolve (R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"ENOSYS","defaultErrnoRet":38,)"
               R"("comment":"x","syscalls":[{"name":"read","action":"SCMP_ACT_KILL","args":null,)"
               R"("comment":"","includes":{},"excludes":null},)"
               R"({"names":["write"],"action":"SCMP_ACT_ERRNO","errno":"EACCES","errnoRet":13}]})");

  EXPECT_EQ (
      print (seccomp),
      R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"architectures":)"
      R"(["SCMP_ARCH_X86","SCMP_ARCH_X86_64"],"syscalls":[{"names":["read"],"action":)"
      R"("SCMP_ACT_KILL_THREAD"},{"names":["write"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]})");
  EXPECT_EQ (resolve (rules (""))->default_errno_ret, 1u);
}

TEST (Profile, ConditionsChooseRules)
{
  const string text = rules (
      R"({"names":["a"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_BPF","CAP_CHOWN"]}},)"
      R"({"names":["b"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_BPF","CAP_KILL"]}},)"
      R"({"names":["c"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["amd64","s390x"]}},)"
      R"({"names":["d"],"action":"SCMP_ACT_ALLOW","excludes":{"arches":["amd64"]}},)"
      R"({"names":["e"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}},)"
      R"({"names":["f"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"6.10"}})");
  guint64 bpf = quilt_capability_from_name ("CAP_BPF");
  guint64 both = bpf | quilt_capability_from_name ("CAP_CHOWN");

  EXPECT_EQ (names (resolve (text)), "b|c|e|f|");
  EXPECT_EQ (names (resolve (text, "x86_64", "6.1.0", bpf)), "c|e|f|");
  EXPECT_EQ (names (resolve (text, "x86_64", "6.1.0", both)), "a|c|e|f|");
  EXPECT_EQ (names (resolve (text, "aarch64", "6.1.0")), "b|d|e|f|");
  EXPECT_EQ (names (resolve (text, "x86_64", "4.7.9")), "b|c|f|");
  EXPECT_EQ (names (resolve (text, "x86_64", "6.10.1")), "b|c|e|");
}

TEST (Profile, ArchitecturesAreTheFamilys)
{
  const string map =
      R"({"defaultAction":"SCMP_ACT_ALLOW","archMap":[)"
      R"({"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]},)"
      R"({"architecture":"SCMP_ARCH_AARCH64","subArchitectures":null}]})";

  EXPECT_NE (print (resolve (map)).find (R"(["SCMP_ARCH_X86","SCMP_ARCH_X86_64","SCMP_ARCH_X32"])"),
             string::npos);
  EXPECT_NE (print (resolve (map, "aarch64")).find (R"(["SCMP_ARCH_AARCH64"])"), string::npos);
  EXPECT_NE (print (resolve (map, "riscv64")).find (R"(["SCMP_ARCH_RISCV64"])"), string::npos);
  EXPECT_NE (
      print (resolve (rules (""), "aarch64")).find (R"(["SCMP_ARCH_ARM","SCMP_ARCH_AARCH64"])"),
      string::npos);
}

TEST (Profile, TheDefaultIsForEveryMachine)
{
  for (const char *machine : {"x86_64", "aarch64", "i686", "armv7l", "riscv64", "loongarch64",
                              "ppc64", "ppc64le", "s390x"}) {
    Seccomp seccomp =
        resolve (quilt_seccomp_default_profile (), machine, "6.1.0", quilt_capabilities_default ());

    EXPECT_EQ (seccomp->default_action, QUILT_SECCOMP_ERRNO);
    EXPECT_EQ (seccomp->default_errno_ret, 38u);
    EXPECT_NE (seccomp->arches, 0u);
    EXPECT_NE (names (seccomp).find ("|openat|"), string::npos);
    /* Without this one there are no processes. */
    EXPECT_NE (print (seccomp).find (R"({"names":["clone"],"action":"SCMP_ACT_ALLOW","args")"),
               string::npos)
        << machine;
    EXPECT_EQ (print (seccomp).find ("X32"), string::npos);
  }
}

TEST (Profile, WhatHasNoFilters)
{
  QuiltSeccompTarget target = {7, 7, 7};
  Error error;

  EXPECT_FALSE (quilt_seccomp_target_init (&target, "vax", "6.1", 0, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_SUPPORTED, "'vax'"));
  EXPECT_FALSE (quilt_seccomp_target_init (&target, "x86_64", "?", 0, error.out ()));
  EXPECT_EQ (target.arch, 7u);
}

TEST (Refused, ByPathAndWord)
{
  const struct {
    const char *text;
    int code;
    const char *words;
  } cases[] = {
      {"", QUILT_ERROR_INVALID_ARGUMENT, "Failed to use the seccomp profile: "},
      {"[]", QUILT_ERROR_INVALID_ARGUMENT, "must be an object"},
      {"{}", QUILT_ERROR_INVALID_ARGUMENT, "'defaultAction': is missing"},
      {R"({"defaultAction":"SCMP_ACT_ALOW"})", QUILT_ERROR_INVALID_ARGUMENT,
       "'defaultAction': 'SCMP_ACT_ALOW' is not an action"},
      {R"({"defaultAction":"SCMP_ACT_NOTIFY"})", QUILT_ERROR_NOT_SUPPORTED, "'SCMP_ACT_NOTIFY'"},
      {R"({"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":5})", QUILT_ERROR_INVALID_ARGUMENT,
       "'defaultErrnoRet': its action returns no errno"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096})", QUILT_ERROR_INVALID_ARGUMENT,
       "'defaultErrnoRet': must be 0 to 4095"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"EWHAT"})", QUILT_ERROR_INVALID_ARGUMENT,
       "'EWHAT' is not an error"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"EPERM","defaultErrnoRet":2})",
       QUILT_ERROR_INVALID_ARGUMENT, "the errno of an earlier key"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","listenerPath":"/x"})", QUILT_ERROR_NOT_SUPPORTED,
       "'listenerPath'"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","listenerMetadata":"x"})", QUILT_ERROR_NOT_SUPPORTED,
       "'listenerMetadata'"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","sycalls":[]})", QUILT_ERROR_NOT_SUPPORTED,
       "'sycalls': unknown key"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_VAX"]})",
       QUILT_ERROR_INVALID_ARGUMENT, "'architectures[0]': 'SCMP_ARCH_VAX'"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":"x86"})", QUILT_ERROR_INVALID_ARGUMENT,
       "'architectures': must be an array"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["x86"],)"
       R"("archMap":[{"architecture":"x86"}]})",
       QUILT_ERROR_INVALID_ARGUMENT, "'archMap': must not be given together with 'architectures'"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"subArchitectures":[]}]})",
       QUILT_ERROR_INVALID_ARGUMENT, "'archMap[0].architecture': is missing"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","flags":["SECCOMP_FILTER_FLAG_NEW_LISTENER"]})",
       QUILT_ERROR_INVALID_ARGUMENT, "'SECCOMP_FILTER_FLAG_NEW_LISTENER'"},
  };
  const struct {
    const char *rule, *words;
  } bad_rules[] = {
      {R"({"action":"SCMP_ACT_ALLOW"})", "'syscalls[0].names': is missing"},
      {R"({"names":[],"action":"SCMP_ACT_ALLOW"})", "'syscalls[0].names': is missing"},
      {R"({"names":["re ad"],"action":"SCMP_ACT_ALLOW"})", "'re ad' is not the name"},
      {R"({"names":["read"],"name":"write","action":"SCMP_ACT_ALLOW"})", "together with 'names'"},
      {R"({"name":"READ","action":"SCMP_ACT_ALLOW"})", "'READ' is not the name"},
      {R"({"names":["read"]})", "'syscalls[0].action': is missing"},
      {R"({"names":["read"],"action":"ALLOW"})", "'syscalls[0].action': 'ALLOW' is not an action"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","errnoRet":2})", "returns no errno"},
      {R"({"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":-1})", "must not be negative"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]})",
       "'syscalls[0].args[0].index': must be 0 to 5"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"EQ"}]})",
       "'syscalls[0].args[0].op': 'EQ' is not an operator"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1}]})",
       "'syscalls[0].args[0].op': is missing"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"value":1,"op":"SCMP_CMP_EQ"}]})",
       "'syscalls[0].args[0].index': is missing"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_X"]}})",
       "'syscalls[0].includes.caps[0]': 'CAP_X'"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","excludes":{"arches":["vax"]}})",
       "'syscalls[0].excludes.arches[0]': 'vax'"},
      {R"({"names":["read"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4"}})",
       "'4' is not a version"},
  };
  Error error;

  for (const auto &c : cases) {
    EXPECT_EQ (parse (c.text, error), nullptr) << c.text;
    EXPECT_TRUE (error.is (c.code, c.words)) << c.text;
  }
  for (const auto &c : bad_rules) {
    EXPECT_EQ (parse (rules (c.rule), error), nullptr) << c.rule;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.words)) << c.rule;
  }
  EXPECT_EQ (parse (rules ("") + string (QUILT_SECCOMP_PROFILE_MAX, ' '), error), nullptr);
}

/* The strict form knows nothing of profiles. */
TEST (Refused, KeysOfProfilesInAConfiguration)
{
  for (const char *text : {R"({"defaultAction":"SCMP_ACT_ALLOW","archMap":[]})",
                           R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],)"
                           R"("action":"SCMP_ACT_ALLOW","includes":{}}]})"}) {
    Error error;
    json_object *object = quilt_json_parse (text, strlen (text), 1 << 20, error.out ());

    EXPECT_EQ (quilt_seccomp_read (object, "linux.seccomp", error.out ()), nullptr);
    EXPECT_TRUE (error.is (QUILT_ERROR_NOT_SUPPORTED, "'linux.seccomp."));
    json_object_put (object);
  }
}

TEST (FilterHead, OnlyWhatIsWholePasses)
{
  const guint64 code[] = {1, 2, 3};
  GBytes *good = quilt_filter_new (2, code, 3);
  gsize size;
  auto data = static_cast<const char *> (g_bytes_get_data (good, &size));

  EXPECT_TRUE (quilt_filter_check (good, nullptr));
  EXPECT_EQ (quilt_filter_get_header (good)->flags, 2u);
  EXPECT_EQ (memcmp (quilt_filter_get_instructions (good), code, sizeof code), 0);
  for (size_t cut = 0; cut < size; cut++) {
    GBytes *bad = g_bytes_new (data, cut);
    Error error;

    EXPECT_FALSE (quilt_filter_check (bad, error.out ())) << cut;
    EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "compiled system call filter"));
    g_bytes_unref (bad);
  }
  GBytes *none = quilt_filter_new (0, code, 0);
  EXPECT_FALSE (quilt_filter_check (none, nullptr));
  g_bytes_unref (none);
  g_bytes_unref (good);
}
