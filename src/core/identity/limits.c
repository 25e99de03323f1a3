/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits of a process: setrlimit(2). */
#include "core/identity/limits.h"

#include "base/error.h"

#include <errno.h>
#include <sys/resource.h>

/* RLIM_INFINITY is the largest number, so limits compare as numbers. */
static gboolean
raise_hard (const QuiltRlimit *wanted, gboolean is_default, GError **error)
{
  struct rlimit ours;

  if (getrlimit ((unsigned)wanted->resource, &ours) < 0)
    return quilt_set_error_errno (error, errno, "Failed to read our own limits");
  if (wanted->hard <= ours.rlim_max)
    return TRUE;
  ours.rlim_max = wanted->hard;
  if (setrlimit ((unsigned)wanted->resource, &ours) == 0 || is_default)
    return TRUE;
  return quilt_set_error_errno (
      error, errno, "Failed to raise the limit %s to %" G_GUINT64_FORMAT "; choose a lower limit",
      quilt_rlimit_to_name (wanted->resource), wanted->hard);
}

static gboolean
is_default (const QuiltSpec *spec, const QuiltRlimit *limit)
{
  return limit->resource == RLIMIT_NOFILE &&
         g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_NOFILE_DEFAULT);
}

gboolean
quilt_limits_prepare (const QuiltSpec *spec, GError **error)
{
  const GArray *limits = spec->process.rlimits;

  for (guint i = 0; i < limits->len; i++) {
    const QuiltRlimit *limit = &g_array_index (limits, QuiltRlimit, i);

    if (!raise_hard (limit, is_default (spec, limit), error))
      return FALSE;
  }
  return TRUE;
}

int
quilt_limits_apply (const QuiltSpec *spec, const QuiltRlimit **ret_failed)
{
  const GArray *limits = spec->process.rlimits;

  for (guint i = 0; i < limits->len; i++) {
    const QuiltRlimit *limit = &g_array_index (limits, QuiltRlimit, i);
    struct rlimit value = {limit->soft, limit->hard};
    struct rlimit ours;

    *ret_failed = limit;
    if (is_default (spec, limit)) {
      if (getrlimit ((unsigned)limit->resource, &ours) < 0)
        return -errno;
      value.rlim_max = MIN (value.rlim_max, ours.rlim_max);
      value.rlim_cur = MIN (value.rlim_cur, value.rlim_max);
    }
    if (setrlimit ((unsigned)limit->resource, &value) < 0)
      return -errno;
  }
  return 0;
}
