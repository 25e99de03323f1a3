/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiles conditions on arguments to BPF. libseccomp does this too, but a rule without conditions
 * then replaces the rules with conditions for the same call. It also can't negate a masked
 * comparison, so it can't express "ioctl, but not TIOCSTI, whatever the high bits are". */
#include "seccomp/program.h"

#include <linux/seccomp.h>
#include <stddef.h>

#define LOW (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 0 : 4)
#define HIGH (4 - LOW)

static void
emit (GArray *code, guint op, guint32 k, guint jump_true, guint jump_false)
{
  struct sock_filter instruction = {(guint16)op, (guint8)jump_true, (guint8)jump_false, k};

  g_array_append_val (code, instruction);
}

static void
emit_load (GArray *code, gsize offset)
{
  emit (code, BPF_LD | BPF_W | BPF_ABS, (guint32)offset, 0, 0);
}

static void
load_half (GArray *code, const QuiltSeccompArg *arg, guint half)
{
  emit_load (code, offsetof (struct seccomp_data, args) + arg->index * sizeof (guint64) + half);
}

/* A placeholder for jumps to the end of the rule, for "the condition does not hold". */
#define FAIL 255

/* Continues if both halves equal value under mask. */
static void
emit_equal (GArray *code, const QuiltSeccompArg *arg, guint64 mask, guint64 value)
{
  const guint halves[] = {HIGH, LOW};

  for (guint i = 0; i < 2; i++) {
    guint shift = i == 0 ? 32 : 0;
    guint32 part = (guint32)(mask >> shift);

    if (part == 0 && (guint32)(value >> shift) == 0)
      continue; /* the mask ignores this half */
    load_half (code, arg, halves[i]);
    if (part != G_MAXUINT32)
      emit (code, BPF_ALU | BPF_AND | BPF_K, part, 0, 0);
    emit (code, BPF_JMP | BPF_JEQ | BPF_K, (guint32)(value >> shift), 0, FAIL);
  }
}

static void
emit_unequal (GArray *code, const QuiltSeccompArg *arg)
{
  load_half (code, arg, HIGH);
  emit (code, BPF_JMP | BPF_JEQ | BPF_K, (guint32)(arg->value >> 32), 0, 2);
  load_half (code, arg, LOW);
  emit (code, BPF_JMP | BPF_JEQ | BPF_K, (guint32)arg->value, FAIL, 0);
}

/* Continues if the argument is greater (or equal, with or_equal); with negate, if it is not. */
static void
emit_greater (GArray *code, const QuiltSeccompArg *arg, gboolean or_equal, gboolean negate)
{
  guint compare = or_equal ? BPF_JGE : BPF_JGT;
  guint yes = negate ? FAIL : 0, no = negate ? 0 : FAIL;

  load_half (code, arg, HIGH);
  /* If the high halves differ, they decide. The comparison of the low half takes three
   * instructions. */
  emit (code, BPF_JMP | BPF_JGT | BPF_K, (guint32)(arg->value >> 32), negate ? FAIL : 3, 0);
  emit (code, BPF_JMP | BPF_JEQ | BPF_K, (guint32)(arg->value >> 32), 0, negate ? 2 : FAIL);
  load_half (code, arg, LOW);
  emit (code, BPF_JMP | compare | BPF_K, (guint32)arg->value, yes, no);
}

static void
emit_condition (GArray *code, const QuiltSeccompArg *arg)
{
  switch (arg->op) {
  case QUILT_SECCOMP_EQ:
    emit_equal (code, arg, G_MAXUINT64, arg->value);
    break;
  case QUILT_SECCOMP_MASKED_EQ:
    emit_equal (code, arg, arg->value, arg->value_two);
    break;
  case QUILT_SECCOMP_NE:
    emit_unequal (code, arg);
    break;
  case QUILT_SECCOMP_GT:
  case QUILT_SECCOMP_LE:
    emit_greater (code, arg, FALSE, arg->op == QUILT_SECCOMP_LE);
    break;
  case QUILT_SECCOMP_GE:
  case QUILT_SECCOMP_LT:
    emit_greater (code, arg, TRUE, arg->op == QUILT_SECCOMP_LT);
    break;
  default:
    g_assert_not_reached ();
  }
}

/* A rule has at most six conditions of five instructions each, so a jump distance never equals
 * FAIL. */
static void
resolve_fails (GArray *code, guint begin)
{
  for (guint i = begin; i < code->len; i++) {
    struct sock_filter *instruction = &g_array_index (code, struct sock_filter, i);
    guint8 distance = (guint8)(code->len - i - 1);

    if (instruction->jt == FAIL)
      instruction->jt = distance;
    if (instruction->jf == FAIL)
      instruction->jf = distance;
  }
}

static void
emit_rule (GArray *code, const QuiltProgramRule *rule)
{
  guint begin = code->len;

  for (guint i = 0; i < rule->n_args; i++)
    emit_condition (code, &rule->args[i]);
  emit (code, BPF_RET | BPF_K, rule->result, 0, 0);
  resolve_fails (code, begin);
}

/* Begins a block that runs if the loaded word equals value. The block may be longer than a
 * conditional jump can reach, so an unconditional jump skips it. */
static guint
begin_block (GArray *code, guint32 value)
{
  emit (code, BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
  emit (code, BPF_JMP | BPF_JA, 0, 0, 0);
  return code->len;
}

static void
end_block (GArray *code, guint begin)
{
  g_array_index (code, struct sock_filter, begin - 1).k = code->len - begin;
}

/* Jumps behind the architecture's block. The target is filled in when the block ends. */
static void
leave (GArray *code, GArray *leaves)
{
  emit (code, BPF_JMP | BPF_JA, 0, 0, 0);
  g_array_append_val (leaves, code->len);
}

/* Binary search: the kernel runs a new filter once for each of some 900 numbers, to cache those
 * that are always allowed. groups[i] is the index of the first rule of the i-th number, groups[n]
 * the end of the rules. */
static void
emit_calls (
    GArray *code, const QuiltProgramRule *rules, const guint *groups, guint n, GArray *leaves)
{
  guint half = n / 2, jump;

  if (n <= 2) {
    for (guint i = 0; i < n; i++) {
      guint begin = begin_block (code, rules[groups[i]].number);

      for (guint rule = groups[i]; rule < groups[i + 1]; rule++)
        emit_rule (code, &rules[rule]);
      leave (code, leaves);
      end_block (code, begin);
    }
    leave (code, leaves);
    return;
  }
  emit (code, BPF_JMP | BPF_JGE | BPF_K, rules[groups[half]].number, 0, 1);
  emit (code, BPF_JMP | BPF_JA, 0, 0, 0);
  jump = code->len;
  emit_calls (code, rules, groups, half, leaves);
  end_block (code, jump);
  emit_calls (code, rules, groups + half, n - half, leaves);
}

static void
emit_arch (GArray *code, const QuiltProgramRule *rules, guint n)
{
  g_autoptr (GArray) leaves = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) groups = g_array_new (FALSE, FALSE, sizeof (guint));
  guint begin = begin_block (code, rules->arch);

  for (guint i = 0; i < n; i++)
    if (i == 0 || rules[i].number != rules[i - 1].number)
      g_array_append_val (groups, i);
  g_array_append_val (groups, n);
  emit_load (code, offsetof (struct seccomp_data, nr));
  emit_calls (code, rules, (const guint *)(void *)groups->data, groups->len - 1, leaves);
  for (guint i = 0; i < leaves->len; i++)
    end_block (code, g_array_index (leaves, guint, i));
  /* The next architecture is compared with this value, so load it again. */
  emit_load (code, offsetof (struct seccomp_data, arch));
  end_block (code, begin);
}

void
quilt_program_append (GArray *instructions, const QuiltProgramRule *rules, guint n_rules)
{
  if (n_rules > 0)
    emit_load (instructions, offsetof (struct seccomp_data, arch));
  for (guint i = 0, end; i < n_rules; i = end) {
    for (end = i; end < n_rules && rules[end].arch == rules[i].arch; end++)
      ;
    emit_arch (instructions, rules + i, end - i);
  }
}
