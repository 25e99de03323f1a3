/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiles rules into a filter: program.c handles rules with conditions, libseccomp all others. */
#include "seccomp/compile.h"

#include "base/error.h"
#include "base/fd.h"
#include "seccomp/calls.h"
#include "seccomp/program.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
  const QuiltSeccomp *seccomp;
  GArray *arches;     /* of guint32, SCMP_ARCH_… */
  GHashTable *plain;  /* name → action of its rule without conditions, as a pointer */
  GPtrArray *names;   /* the keys of plain, in order */
  GPtrArray *special; /* of Special, in order */
} Compiler;

/* A rule that program.c has to compile. */
typedef struct {
  const char *name;
  const QuiltSeccompArg *args;
  guint n_args;
  guint32 result;
} Special;

static guint32
result_of (QuiltSeccompAction action, guint errno_ret)
{
  static const guint32 results[] = {
      [QUILT_SECCOMP_KILL_THREAD] = SCMP_ACT_KILL_THREAD,
      [QUILT_SECCOMP_KILL_PROCESS] = SCMP_ACT_KILL_PROCESS,
      [QUILT_SECCOMP_TRAP] = SCMP_ACT_TRAP,
      [QUILT_SECCOMP_LOG] = SCMP_ACT_LOG,
      [QUILT_SECCOMP_ALLOW] = SCMP_ACT_ALLOW,
      [QUILT_SECCOMP_NOTIFY] = SCMP_ACT_NOTIFY,
  };

  if (action == QUILT_SECCOMP_ERRNO)
    return SCMP_ACT_ERRNO (errno_ret);
  if (action == QUILT_SECCOMP_TRACE)
    return SCMP_ACT_TRACE (errno_ret);
  return results[action];
}

static gboolean
refuse (GError **error, const char *what, const char *name, const char *why)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to compile the seccomp profile: %s '%s' %s", what, name, why);
  return FALSE;
}

static gboolean
take_arches (Compiler *self, GError **error)
{
  for (guint i = 0; quilt_seccomp_arches[i].name; i++) {
    guint32 arch;

    if (!(self->seccomp->arches & 1U << i))
      continue;
    arch = quilt_calls_arch (i);
    if (!arch)
      return refuse (error, "the architecture", quilt_seccomp_arches[i].name,
                     "is not in this version of libseccomp");
    g_array_append_val (self->arches, arch);
  }
  /* A profile without architectures means the native one. Calls of other architectures kill the
   * process. */
  if (self->arches->len == 0) {
    const guint32 native = seccomp_arch_native ();

    g_array_append_val (self->arches, native);
  }
  return TRUE;
}

static void
add_special (
    Compiler *self, const char *name, const QuiltSeccompArg *args, guint n_args, guint32 result)
{
  Special *special = g_new (Special, 1);

  *special = (Special){name, args, n_args, result};
  g_ptr_array_add (self->special, special);
}

static gboolean
repeats_an_argument (const GArray *args)
{
  guint seen = 0;

  for (guint i = 0; i < args->len; i++) {
    guint bit = 1U << g_array_index (args, QuiltSeccompArg, i).index;

    if (seen & bit)
      return TRUE;
    seen |= bit;
  }
  return FALSE;
}

static void
take_conditional (Compiler *self, const char *name, const QuiltSeccompRule *rule, guint32 result)
{
  const QuiltSeccompArg *args = (const QuiltSeccompArg *)(void *)rule->args->data;

  if (!repeats_an_argument (rule->args)) {
    add_special (self, name, args, rule->args->len, result);
    return;
  }
  for (guint i = 0; i < rule->args->len; i++)
    add_special (self, name, args + i, 1, result);
}

static void
take_plain (Compiler *self, const char *name, guint32 result)
{
  /* The first rule counts, as in libseccomp. Profiles of engines rely on that. */
  if (g_hash_table_contains (self->plain, name))
    return;
  g_hash_table_insert (self->plain, (gpointer)name, GUINT_TO_POINTER (result));
  g_ptr_array_add (self->names, (gpointer)name);
}

static gboolean
take_rules (Compiler *self, GError **error)
{
  for (guint i = 0; i < self->seccomp->rules->len; i++) {
    const QuiltSeccompRule *rule = self->seccomp->rules->pdata[i];
    guint32 result = result_of (rule->action, rule->errno_ret);

    for (char **name = rule->names; *name; name++) {
      if (!quilt_calls_exists (*name))
        return refuse (error, "the system call", *name, "is not known");
      if (rule->args->len > 0)
        take_conditional (self, *name, rule, result);
      else
        take_plain (self, *name, result);
    }
  }
  return TRUE;
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const QuiltProgramRule *x = a, *y = b;

  return (x->number > y->number) - (x->number < y->number);
}

/* The sort must be stable, to keep the order of rules for the same call. */
static void
append_arch (Compiler *self, guint32 arch, GArray *rules)
{
  g_autoptr (GArray) mine = g_array_new (FALSE, FALSE, sizeof (QuiltProgramRule));

  for (guint i = 0; i < self->special->len; i++) {
    const Special *special = self->special->pdata[i];
    gint64 number = quilt_calls_number (arch, special->name);
    QuiltProgramRule rule = {quilt_calls_kernel_arch (arch), (guint32)number, special->args,
                             special->n_args, special->result};

    if (number >= 0)
      g_array_append_val (mine, rule);
  }
  g_array_sort (mine, compare_numbers);
  g_array_append_vals (rules, mine->data, mine->len);
}

static void
append_specials (Compiler *self, GArray *instructions)
{
  g_autoptr (GArray) rules = g_array_new (FALSE, FALSE, sizeof (QuiltProgramRule));

  /* libseccomp can't compile calls that it does not know. Add their plain rules here, after those
   * with conditions. */
  for (guint i = 0; i < self->names->len; i++) {
    const char *name = self->names->pdata[i];
    guint32 result = GPOINTER_TO_UINT (g_hash_table_lookup (self->plain, name));

    if (!quilt_calls_is_known (name))
      add_special (self, name, NULL, 0, result);
  }
  for (guint i = 0; i < self->arches->len; i++)
    append_arch (self, g_array_index (self->arches, guint32, i), rules);
  quilt_program_append (instructions, (const QuiltProgramRule *)(void *)rules->data, rules->len);
}

static int
set_up (const Compiler *self, scmp_filter_ctx context)
{
  gboolean native = FALSE;
  int r = seccomp_attr_set (context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO (ENOSYS));

  if (r == 0)
    r = seccomp_attr_set (context, SCMP_FLTATR_CTL_NNP, 0);
  if (r == 0)
    r = seccomp_attr_set (context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (guint i = 0; i < self->arches->len && r == 0; i++) {
    guint32 arch = g_array_index (self->arches, guint32, i);

    native = native || arch == seccomp_arch_native ();
    if (seccomp_arch_exist (context, arch) == -EEXIST)
      r = seccomp_arch_add (context, arch);
  }
  if (!native && r == 0)
    r = seccomp_arch_remove (context, SCMP_ARCH_NATIVE);
  return r;
}

static int
add_rules (const Compiler *self, scmp_filter_ctx context)
{
  guint32 fallback = result_of (self->seccomp->default_action, self->seccomp->default_errno_ret);

  for (guint i = 0; i < self->names->len; i++) {
    const char *name = self->names->pdata[i];
    guint32 result = GPOINTER_TO_UINT (g_hash_table_lookup (self->plain, name));
    int r = 0;

    if (result != fallback && quilt_calls_is_known (name))
      r = seccomp_rule_add_array (context, result, seccomp_syscall_resolve_name (name), 0, NULL);
    if (r < 0)
      return r;
  }
  return 0;
}

static gboolean
append_export (scmp_filter_ctx context, GArray *instructions, GError **error)
{
  g_autofd int fd = memfd_create ("filter", MFD_CLOEXEC);
  struct sock_filter block[256];
  ssize_t n;
  int r;

  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a memory file");
  r = seccomp_export_bpf (context, fd);
  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to compile the seccomp profile");
  for (off_t at = 0; (n = pread (fd, block, sizeof block, at)) > 0; at += n)
    g_array_append_vals (instructions, block, (guint)((gsize)n / sizeof *block));
  return n == 0 || quilt_set_error_errno (error, errno, "Failed to read a memory file");
}

static gboolean
append_libseccomp (const Compiler *self, GArray *instructions, GError **error)
{
  scmp_filter_ctx context =
      seccomp_init (result_of (self->seccomp->default_action, self->seccomp->default_errno_ret));
  gboolean ok = FALSE;
  int r = context ? set_up (self, context) : -ENOMEM;

  if (r == 0)
    r = add_rules (self, context);
  if (r == 0)
    ok = append_export (context, instructions, error);
  else
    quilt_set_error_errno (error, -r, "Failed to compile the seccomp profile");
  seccomp_release (context);
  return ok;
}

static GBytes *
compile (Compiler *self, GError **error)
{
  g_autoptr (GArray) instructions = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));
  guint32 flags = self->seccomp->flags;

  if (!take_arches (self, error) || !take_rules (self, error))
    return NULL;
  append_specials (self, instructions);
  if (!append_libseccomp (self, instructions, error))
    return NULL;
  if (instructions->len > QUILT_FILTER_INSTRUCTIONS_MAX) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to compile the seccomp profile: it takes %u instructions, and the kernel "
                 "takes at most %u; use fewer rules or architectures",
                 instructions->len, QUILT_FILTER_INSTRUCTIONS_MAX);
    return NULL;
  }
  if (quilt_seccomp_notifies (self->seccomp))
    flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return quilt_filter_new (flags, instructions->data, instructions->len);
}

GBytes *
quilt_compile (const QuiltSeccomp *seccomp, GError **error)
{
  Compiler self = {
      .seccomp = seccomp,
      .arches = g_array_new (FALSE, FALSE, sizeof (guint32)),
      .plain = g_hash_table_new (g_str_hash, g_str_equal),
      .names = g_ptr_array_new (),
      .special = g_ptr_array_new_with_free_func (g_free),
  };
  GBytes *filter = compile (&self, error);

  g_array_unref (self.arches);
  g_hash_table_unref (self.plain);
  g_ptr_array_unref (self.names);
  g_ptr_array_unref (self.special);
  return filter;
}

/* Removes the unknown system calls of a rule from its names. */
static void
skip_unknown (QuiltSeccompRule *rule, GPtrArray *unknown)
{
  char **kept = rule->names;

  for (char **name = rule->names; *name; name++)
    if (quilt_calls_exists (*name))
      *kept++ = *name;
    else
      g_ptr_array_add (unknown, *name);
  *kept = NULL;
}

char *
quilt_compile_skip_unknown (QuiltSeccomp *seccomp)
{
  g_autoptr (GPtrArray) unknown = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < seccomp->rules->len; i++)
    skip_unknown (seccomp->rules->pdata[i], unknown);
  if (unknown->len == 0)
    return NULL;
  g_ptr_array_add (unknown, NULL);
  return g_strjoinv (", ", (char **)unknown->pdata);
}

char *
quilt_compile_version (void)
{
  const struct scmp_version *version = seccomp_version ();

  return g_strdup_printf ("libseccomp %u.%u.%u", version->major, version->minor, version->micro);
}
