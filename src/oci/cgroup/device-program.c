/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Translates device rules to a BPF program. Pure. */
#include "oci/cgroup/device-filter.h"

#include "spec/options/devices.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* The devices of every container. Making a node is always allowed, since access is decided when the
 * node is opened. */
static const QuiltOciDeviceRule usual[] = {
    {TRUE, 'c', -1, -1, "m"},    {TRUE, 'b', -1, -1, "m"}, /* any node */
    {TRUE, 'c', 1, 3, "rwm"},    {TRUE, 'c', 1, 5, "rwm"}, /* null, zero */
    {TRUE, 'c', 1, 7, "rwm"},    {TRUE, 'c', 1, 8, "rwm"}, /* full, random */
    {TRUE, 'c', 1, 9, "rwm"},    {TRUE, 'c', 5, 0, "rwm"}, /* urandom, tty */
    {TRUE, 'c', 5, 1, "rwm"},    {TRUE, 'c', 5, 2, "rwm"}, /* console, ptmx */
    {TRUE, 'c', 136, -1, "rwm"},                           /* pts */
};

GArray *
quilt_oci_device_rules (const QuiltSpec *spec, const QuiltOciResources *resources)
{
  GArray *rules;

  if (!resources || resources->devices->len == 0)
    return NULL;
  rules = g_array_new (FALSE, FALSE, sizeof (QuiltOciDeviceRule));
  g_array_append_vals (rules, resources->devices->data, resources->devices->len);
  g_array_append_vals (rules, usual, G_N_ELEMENTS (usual));
  for (guint i = 0; i < spec->devices->len; i++) {
    const QuiltDevice *device = &g_array_index (spec->devices, QuiltDevice, i);
    const QuiltOciDeviceRule rule = {TRUE, device->type, device->major, device->minor, "rwm"};

    g_array_append_val (rules, rule);
  }
  return rules;
}

static void
emit (GArray *program, guint8 code, guint8 to, guint8 from, gint16 offset, gint32 value)
{
  const struct bpf_insn insn = {
      .code = code, .dst_reg = to & 0xf, .src_reg = from & 0xf, .off = offset, .imm = value};

  g_array_append_val (program, insn);
}

/* The device is in registers: type in 2, access in 3, major in 4, minor in 5. */
static void
emit_start (GArray *program)
{
  const gint16 type = offsetof (struct bpf_cgroup_dev_ctx, access_type);

  emit (program, BPF_LDX | BPF_MEM | BPF_W, 2, 1, type, 0);
  emit (program, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
  emit (program, BPF_LDX | BPF_MEM | BPF_W, 3, 1, type, 0);
  emit (program, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
  emit (program, BPF_LDX | BPF_MEM | BPF_W, 4, 1, offsetof (struct bpf_cgroup_dev_ctx, major), 0);
  emit (program, BPF_LDX | BPF_MEM | BPF_W, 5, 1, offsetof (struct bpf_cgroup_dev_ctx, minor), 0);
}

static void
emit_verdict (GArray *program, gboolean allow)
{
  emit (program, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow ? 1 : 0);
  emit (program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static gint32
access_mask (const char *access)
{
  return (strchr (access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0) |
         (strchr (access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
         (strchr (access, 'w') ? BPF_DEVCG_ACC_WRITE : 0);
}

/* The rule is for some kinds of access only. If it allows, removes these kinds from register 3, and
 * the rules before it decide about the rest. If it denies one of the requested kinds, the access is
 * denied. */
static void
emit_part (GArray *program, const QuiltOciDeviceRule *rule)
{
  const gint32 mask = access_mask (rule->access);

  if (rule->allow) {
    emit (program, BPF_ALU | BPF_AND | BPF_K, 3, 0, 0, ALL_ACCESS & ~mask);
    emit (program, BPF_JMP | BPF_JNE | BPF_K, 3, 0, 2, 0);
  } else {
    emit (program, BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
    emit (program, BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, mask);
    emit (program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2, 0);
  }
}

/* Each test that fails jumps behind the verdict. The jumps compare 32 bits, since a device number
 * may have bit 31. */
static void
emit_rule (GArray *program, const QuiltOciDeviceRule *rule)
{
  const gboolean any_access = access_mask (rule->access) == ALL_ACCESS;
  gint16 left = (gint16)((rule->type != 'a' ? 1 : 0) + (rule->major >= 0 ? 1 : 0) +
                         (rule->minor >= 0 ? 1 : 0) +
                         (any_access    ? 0
                          : rule->allow ? 2
                                        : 3) +
                         2);

  if (rule->type != 'a')
    emit (program, BPF_JMP | BPF_JNE | BPF_K, 2, 0, --left,
          rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (rule->major >= 0)
    emit (program, BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, --left, (gint32)rule->major);
  if (rule->minor >= 0)
    emit (program, BPF_JMP32 | BPF_JNE | BPF_K, 5, 0, --left, (gint32)rule->minor);
  if (!any_access)
    emit_part (program, rule);
  emit_verdict (program, rule->allow);
}

static gboolean
is_for_all (const QuiltOciDeviceRule *rule)
{
  return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
         access_mask (rule->access) == ALL_ACCESS;
}

gboolean
quilt_oci_device_rules_allow_all (const GArray *rules)
{
  for (guint i = rules->len; i > 0; i--) {
    const QuiltOciDeviceRule *rule = &g_array_index (rules, QuiltOciDeviceRule, i - 1);

    if (!rule->allow || is_for_all (rule))
      return rule->allow;
  }
  return FALSE;
}

/* Goes from the last rule to the first, so that the first match decides. Stops at a rule for all
 * devices, since the kernel refuses unreachable code. */
GArray *
quilt_oci_device_program (const GArray *rules)
{
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct bpf_insn));

  emit_start (program);
  for (guint i = rules->len; i > 0; i--) {
    const QuiltOciDeviceRule *rule = &g_array_index (rules, QuiltOciDeviceRule, i - 1);

    if (is_for_all (rule)) {
      emit_verdict (program, rule->allow);
      return program;
    }
    emit_rule (program, rule);
  }
  emit_verdict (program, FALSE);
  return program;
}
