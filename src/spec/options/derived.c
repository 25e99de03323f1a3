/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that follow from several options, or from one that has other forms. */
#include "spec/options/options.h"

#include "spec/capabilities.h"

gboolean
quilt_options_get_capabilities (const QuiltOptions *options, guint64 *ret_mask, GError **error)
{
  static const char *const all[] = {"ALL", NULL};
  guint64 mask;

  if (!quilt_capabilities_plan (options->cap_add, options->cap_drop, &mask, error) ||
      (options->privileged &&
       !quilt_capabilities_plan ((char *const *)all, options->cap_drop, &mask, error)))
    return FALSE;
  *ret_mask = mask;
  return TRUE;
}

const char *
quilt_options_get_seccomp (const QuiltOptions *options)
{
  if (options->seccomp)
    return options->seccomp;
  return options->privileged ? QUILT_SECCOMP_UNCONFINED : QUILT_SECCOMP_DEFAULT;
}

char *
quilt_options_get_timezone_file (const QuiltOptions *options)
{
  if (!options->timezone)
    return NULL;
  return g_str_equal (options->timezone, "local")
             ? g_strdup ("/etc/localtime")
             : g_build_filename ("/usr/share/zoneinfo", options->timezone, NULL);
}
