/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of linux.seccomp: ownership, architectures, and resolving a profile. */
#include "spec/seccomp/seccomp.h"

#include "base/error.h"
#include "base/text.h"

#include <stdio.h>

const QuiltSeccompArch quilt_seccomp_arches[] = {
    {"SCMP_ARCH_X86", "x86"},
    {"SCMP_ARCH_X86_64", "amd64"},
    {"SCMP_ARCH_X32", "x32"},
    {"SCMP_ARCH_ARM", "arm"},
    {"SCMP_ARCH_AARCH64", "arm64"},
    {"SCMP_ARCH_LOONGARCH64", "loong64"},
    {"SCMP_ARCH_M68K", "m68k"},
    {"SCMP_ARCH_MIPS", "mips"},
    {"SCMP_ARCH_MIPS64", "mips64"},
    {"SCMP_ARCH_MIPS64N32", "mips64n32"},
    {"SCMP_ARCH_MIPSEL", "mipsel"},
    {"SCMP_ARCH_MIPSEL64", "mipsel64"},
    {"SCMP_ARCH_MIPSEL64N32", "mipsel64n32"},
    {"SCMP_ARCH_PARISC", "parisc"},
    {"SCMP_ARCH_PARISC64", "parisc64"},
    {"SCMP_ARCH_PPC", "ppc"},
    {"SCMP_ARCH_PPC64", "ppc64"},
    {"SCMP_ARCH_PPC64LE", "ppc64le"},
    {"SCMP_ARCH_RISCV64", "riscv64"},
    {"SCMP_ARCH_S390", "s390"},
    {"SCMP_ARCH_S390X", "s390x"},
    {"SCMP_ARCH_SH", "sh4"},
    {"SCMP_ARCH_SHEB", "sh4eb"},
    {NULL},
};

/* The architectures that a kernel can run, by uname(2)'s machine. */
static const struct {
  const char *machine, *arch, *sub_arch;
} families[] = {
    {"x86_64", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86"},
    {"i386", "SCMP_ARCH_X86", NULL},
    {"i486", "SCMP_ARCH_X86", NULL},
    {"i586", "SCMP_ARCH_X86", NULL},
    {"i686", "SCMP_ARCH_X86", NULL},
    {"aarch64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"},
    {"armv7l", "SCMP_ARCH_ARM", NULL},
    {"armv8l", "SCMP_ARCH_ARM", NULL},
    {"riscv64", "SCMP_ARCH_RISCV64", NULL},
    {"ppc64", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC"},
    {"ppc64le", "SCMP_ARCH_PPC64LE", NULL},
    {"s390x", "SCMP_ARCH_S390X", "SCMP_ARCH_S390"},
    {"loongarch64", "SCMP_ARCH_LOONGARCH64", NULL},
};

static void
rule_free (gpointer data)
{
  QuiltSeccompRule *rule = data;

  g_strfreev (rule->names);
  g_array_unref (rule->args);
  g_free (rule);
}

QuiltSeccomp *
quilt_seccomp_new (void)
{
  QuiltSeccomp *seccomp = g_new0 (QuiltSeccomp, 1);

  seccomp->default_errno_ret = QUILT_SECCOMP_ERRNO_DEFAULT;
  seccomp->rules = g_ptr_array_new_with_free_func (rule_free);
  seccomp->arch_map = g_array_new (FALSE, TRUE, sizeof (QuiltSeccompArchMap));
  return seccomp;
}

gboolean
quilt_seccomp_notifies (const QuiltSeccomp *seccomp)
{
  for (guint i = 0; i < seccomp->rules->len; i++)
    if (((const QuiltSeccompRule *)seccomp->rules->pdata[i])->action == QUILT_SECCOMP_NOTIFY)
      return TRUE;
  return FALSE;
}

void
quilt_seccomp_free (QuiltSeccomp *seccomp)
{
  if (!seccomp)
    return;
  g_ptr_array_unref (seccomp->rules);
  g_array_unref (seccomp->arch_map);
  g_free (seccomp->listener_path);
  g_free (seccomp->listener_metadata);
  g_free (seccomp);
}

QuiltSeccompRule *
quilt_seccomp_add_rule (QuiltSeccomp *seccomp)
{
  QuiltSeccompRule *rule = g_new0 (QuiltSeccompRule, 1);

  rule->errno_ret = QUILT_SECCOMP_ERRNO_DEFAULT;
  rule->args = g_array_new (FALSE, TRUE, sizeof (QuiltSeccompArg));
  g_ptr_array_add (seccomp->rules, rule);
  return rule;
}

gboolean
quilt_seccomp_action_has_errno (QuiltSeccompAction action)
{
  return action == QUILT_SECCOMP_ERRNO || action == QUILT_SECCOMP_TRACE;
}

int
quilt_seccomp_arch_find (const char *name)
{
  for (int i = 0; quilt_seccomp_arches[i].name; i++)
    if (g_str_equal (name, quilt_seccomp_arches[i].name) ||
        g_strcmp0 (name, quilt_seccomp_arches[i].alias) == 0)
      return i;
  return -1;
}

gboolean
quilt_seccomp_target_init (QuiltSeccompTarget *ret_target,
                           const char *machine,
                           const char *release,
                           guint64 caps,
                           GError **error)
{
  guint major = 0, minor = 0;

  for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
    if (!g_str_equal (machine, families[i].machine))
      continue;
    if (sscanf (release, "%5u.%5u", &major, &minor) < 1)
      break;
    *ret_target = (QuiltSeccompTarget){
        .caps = caps,
        .arch = (guint)quilt_seccomp_arch_find (families[i].arch),
        .kernel = major << 16 | MIN (minor, 0xffff),
    };
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Failed to choose a system call filter for machine '%s', Linux %s: Quilt has no "
               "filter for it; use --seccomp unconfined",
               machine, release);
  return FALSE;
}

static guint
family_of (guint arch)
{
  guint set = 1U << arch;

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (families[i].sub_arch && g_str_equal (families[i].arch, quilt_seccomp_arches[arch].name))
      set |= 1U << quilt_seccomp_arch_find (families[i].sub_arch);
  return set;
}

/* As in other runtimes, architectures of other machines are kept. They only make the filter
 * larger. */
static guint
resolve_arches (const QuiltSeccomp *profile, guint arch)
{
  guint set = profile->arches;

  for (guint i = 0; i < profile->arch_map->len; i++) {
    const QuiltSeccompArchMap *map = &g_array_index (profile->arch_map, QuiltSeccompArchMap, i);

    if (map->arch == arch)
      set |= 1U << arch | map->sub_arches;
  }
  return set ? set : family_of (arch);
}

static gboolean
applies (const QuiltSeccompRule *rule, const QuiltSeccompTarget *target)
{
  const QuiltSeccompCondition *in = &rule->includes, *ex = &rule->excludes;
  guint arch = 1U << target->arch;

  return (in->caps & ~target->caps) == 0 && (!in->arches || (in->arches & arch)) &&
         target->kernel >= in->kernel && (ex->caps & target->caps) == 0 && !(ex->arches & arch) &&
         (!ex->kernel || target->kernel < ex->kernel);
}

QuiltSeccomp *
quilt_seccomp_resolve (const QuiltSeccomp *profile, const QuiltSeccompTarget *target)
{
  QuiltSeccomp *result = quilt_seccomp_new ();

  result->default_action = profile->default_action;
  result->default_errno_ret = profile->default_errno_ret;
  result->flags = profile->flags;
  result->arches = resolve_arches (profile, target->arch);
  for (guint i = 0; i < profile->rules->len; i++) {
    const QuiltSeccompRule *rule = profile->rules->pdata[i];
    QuiltSeccompRule *copy;

    if (!applies (rule, target))
      continue;
    copy = quilt_seccomp_add_rule (result);
    copy->names = g_strdupv (rule->names);
    copy->action = rule->action;
    copy->errno_ret = rule->errno_ret;
    g_array_append_vals (copy->args, rule->args->data, rule->args->len);
  }
  return result;
}
