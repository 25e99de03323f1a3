/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the limits and settings of a container's processes, and its file systems in memory, from
 * options. */
#include "spec/oci/private.h"

#include "spec/rlimits.h"
#include "spec/sysctl.h"

#include <string.h>
#include <sys/resource.h>

/* podman's default. quiltd's own limit would depend on the host. */
#define NOFILE_DEFAULT 1048576

static gboolean
plan_rlimits (QuiltSpec *spec, const QuiltOptions *options, GError **error)
{
  const QuiltRlimit standard = {RLIMIT_NOFILE, NOFILE_DEFAULT, NOFILE_DEFAULT};
  gboolean has_nofile = FALSE;

  for (char **text = options->ulimits; text && *text; text++) {
    QuiltRlimit limit;

    if (!quilt_rlimit_parse ("ulimits", *text, &limit, error))
      return FALSE;
    has_nofile = has_nofile || limit.resource == RLIMIT_NOFILE;
    g_array_append_val (spec->process.rlimits, limit);
  }
  if (has_nofile)
    return TRUE;
  g_array_append_val (spec->process.rlimits, standard);
  g_hash_table_insert (spec->annotations, g_strdup (QUILT_ANNOTATION_NOFILE_DEFAULT),
                       g_strdup ("true"));
  return TRUE;
}

static gboolean
plan_sysctls (QuiltSpec *spec, const QuiltOptions *options, GError **error)
{
  if (!quilt_sysctls_check_namespaces ("sysctls", options->sysctls, spec->namespaces, error))
    return FALSE;
  for (char **text = options->sysctls; text && *text; text++) {
    const char *equals = strchr (*text, '=');

    g_hash_table_insert (spec->sysctls, g_strndup (*text, (gsize)(equals - *text)),
                         g_strdup (equals + 1));
  }
  return TRUE;
}

/* Only the container's own files can resolve names, and tell the group and home of a uid. */
static void
plan_user (QuiltSpec *spec, const QuiltOptions *options)
{
  if (options->user)
    g_hash_table_insert (spec->annotations, g_strdup (QUILT_ANNOTATION_USER),
                         g_strdup (options->user));
  if (options->group_add && *options->group_add)
    g_hash_table_insert (spec->annotations, g_strdup (QUILT_ANNOTATION_GROUPS),
                         g_strjoinv (",", options->group_add));
}

gboolean
quilt_plan_limits (QuiltSpec *spec, const QuiltOptions *options, GError **error)
{
  QuiltProcess *process = &spec->process;

  process->umask = options->umask;
  process->has_oom_score_adj =
      TRUE; /* quiltd's own value, which would be inherited, is much lower */
  process->oom_score_adj = options->oom_score_adj;
  plan_user (spec, options);
  return plan_rlimits (spec, options, error) && plan_sysctls (spec, options, error);
}
