/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of devices: its program, interpreted as the kernel does, on a table of accesses. */
#include "base/check.h"

#include <linux/bpf.h>

extern "C" {
#include "oci/cgroup/device-filter.h"
}

using std::string;

/* The few instructions that a filter has; -1 for any other, or a jump out of it. */
static int
interpret (const GArray *program, guint32 access_type, guint32 major, guint32 minor)
{
  const guint32 context[] = {access_type, major, minor};
  guint64 r[11] = {0};

  for (guint at = 0; at < program->len; at++) {
    const auto &i = g_array_index (program, struct bpf_insn, at);
    bool jump = false;

    switch (i.code) {
    case BPF_LDX | BPF_MEM | BPF_W:
      r[i.dst_reg] = context[i.off / 4];
      break;
    case BPF_ALU | BPF_AND | BPF_K:
      r[i.dst_reg] = (guint32)r[i.dst_reg] & (guint32)i.imm;
      break;
    case BPF_ALU | BPF_RSH | BPF_K:
      r[i.dst_reg] = (guint32)r[i.dst_reg] >> i.imm;
      break;
    case BPF_ALU | BPF_MOV | BPF_X:
      r[i.dst_reg] = (guint32)r[i.src_reg];
      break;
    case BPF_ALU64 | BPF_MOV | BPF_K:
      r[i.dst_reg] = (guint64)(gint64)i.imm;
      break;
    case BPF_JMP | BPF_JNE | BPF_K:
      jump = r[i.dst_reg] != (guint64)(gint64)i.imm;
      break;
    case BPF_JMP | BPF_JEQ | BPF_K:
      jump = r[i.dst_reg] == (guint64)(gint64)i.imm;
      break;
    case BPF_JMP32 | BPF_JNE | BPF_K:
      jump = (guint32)r[i.dst_reg] != (guint32)i.imm;
      break;
    case BPF_JMP | BPF_EXIT:
      return (int)r[0];
    default:
      return -1;
    }
    if (jump)
      at += (guint)i.off;
  }
  return -1;
}

/* "c 1:3 rw" against rules. */
static int
decide (const string &rules_text, const char *access)
{
  Error error;
  string text = "{\"devices\":" + rules_text + "}";
  QuiltOciResources *resources =
      quilt_oci_resources_parse (text.data (), text.size (), error.out ());
  guint32 major, minor, mask = 0;
  char type, letters[4];

  EXPECT_TRUE (error.none ()) << text;
  EXPECT_EQ (sscanf (access, "%c %u:%u %3s", &type, &major, &minor, letters), 4);
  for (const char *letter = letters; *letter; letter++)
    mask |= *letter == 'm'   ? BPF_DEVCG_ACC_MKNOD
            : *letter == 'r' ? BPF_DEVCG_ACC_READ
                             : BPF_DEVCG_ACC_WRITE;
  GArray *program = quilt_oci_device_program (resources->devices);
  int verdict = interpret (
      program, mask << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR), major, minor);
  g_array_unref (program);
  quilt_oci_resources_free (resources);
  return verdict;
}

TEST (OciDevices, Verdicts)
{
  const string none = "[]";
  const string deny_all = R"([{"allow":false,"access":"rwm"}])";
  const string all = R"([{"allow":false},{"allow":true}])";
  const string null_only =
      R"([{"allow":false},{"allow":true,"type":"c","major":1,"minor":3,"access":"rw"}])";
  const string in_parts =
      R"([{"allow":true,"type":"c","major":1,"access":"r"},{"allow":true,"type":"c","minor":3,)"
      R"("access":"w"}])";
  const string but_one =
      R"([{"allow":true},{"allow":false,"type":"b","major":8,"minor":0,"access":"w"}])";
  const string big = R"([{"allow":true,"type":"c","major":4294967295,"minor":2147483648}])";
  const struct {
    const string &rules;
    const char *access;
    int verdict;
  } cases[] = {
      {none, "c 1:3 r", 0},         {deny_all, "c 1:3 r", 0},
      {all, "b 8:0 rwm", 1},        {null_only, "c 1:3 r", 1},
      {null_only, "c 1:3 rw", 1},   {null_only, "c 1:3 m", 0},
      {null_only, "c 1:3 rm", 0},   {null_only, "b 1:3 r", 0},
      {null_only, "c 1:5 r", 0},    {null_only, "c 2:3 r", 0},
      {in_parts, "c 1:3 rw", 1},    {in_parts, "c 1:3 r", 1},
      {in_parts, "c 1:4 rw", 0},    {in_parts, "c 2:3 rw", 0},
      {in_parts, "c 2:3 w", 1},     {in_parts, "b 1:3 rw", 0},
      {but_one, "b 8:0 r", 1},      {but_one, "b 8:0 w", 0},
      {but_one, "b 8:0 rw", 0},     {but_one, "b 8:1 rw", 1},
      {but_one, "c 8:0 rw", 1},     {big, "c 4294967295:2147483648 rwm", 1},
      {big, "c 4294967295:1 r", 0},
  };

  for (const auto &c : cases)
    EXPECT_EQ (decide (c.rules, c.access), c.verdict) << c.rules << " " << c.access;
}

static string
allows_all (const string &rules_text)
{
  Error error;
  string text = "{\"devices\":" + rules_text + "}";
  QuiltOciResources *resources =
      quilt_oci_resources_parse (text.data (), text.size (), error.out ());
  gboolean all = quilt_oci_device_rules_allow_all (resources->devices);

  quilt_oci_resources_free (resources);
  return all ? "all" : "some";
}

TEST (OciDevices, RulesThatAllowAllNeedNoFilter)
{
  EXPECT_EQ (allows_all ("[]"), "some");
  EXPECT_EQ (allows_all (R"([{"allow":true}])"), "all");
  EXPECT_EQ (allows_all (R"([{"allow":false},{"allow":true},{"allow":true,"type":"c"}])"), "all");
  EXPECT_EQ (allows_all (R"([{"allow":true},{"allow":false,"type":"c"}])"), "some");
  EXPECT_EQ (allows_all (R"([{"allow":true,"type":"c"}])"), "some");
  EXPECT_EQ (allows_all (R"([{"allow":true,"access":"rw"}])"), "some");
}

/* Every container has the usual devices, whatever its rules are, and those that linux.devices
 * makes. */
TEST (OciDevices, UsualOnesComeLast)
{
  const string text =
      R"({"ociVersion":"1.2.0","root":{"path":"/r"},"process":{"args":["a"],"cwd":"/"},)"
      R"("linux":{"namespaces":[{"type":"mount"}],"devices":[{"type":"c","path":"/dev/kvm",)"
      R"("major":10,"minor":232}],"resources":{"devices":[{"allow":false}]}}})";
  Error error;
  QuiltSpec *spec = quilt_spec_parse (text.data (), text.size (), error.out ());

  ASSERT_TRUE (error.none ());
  GArray *rules = quilt_oci_device_rules (spec, spec->resources);
  GArray *program = quilt_oci_device_program (rules);
  const guint32 rw = (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE) << 16;

  EXPECT_EQ (interpret (program, rw | BPF_DEVCG_DEV_CHAR, 1, 3), 1);
  EXPECT_EQ (interpret (program, rw | BPF_DEVCG_DEV_CHAR, 136, 7), 1);
  EXPECT_EQ (interpret (program, rw | BPF_DEVCG_DEV_CHAR, 10, 232), 1);
  EXPECT_EQ (interpret (program, rw | BPF_DEVCG_DEV_CHAR, 10, 200), 0);
  EXPECT_EQ (interpret (program, rw | BPF_DEVCG_DEV_BLOCK, 8, 0), 0);
  EXPECT_EQ (interpret (program, BPF_DEVCG_ACC_MKNOD << 16 | BPF_DEVCG_DEV_BLOCK, 8, 0), 1);
  g_array_unref (program);
  g_array_unref (rules);
  g_array_set_size (spec->resources->devices, 0);
  EXPECT_EQ (quilt_oci_device_rules (spec, spec->resources), nullptr);
  quilt_spec_free (spec);
}
