/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of a container's system calls. */
#include "core/seccomp.h"

#include "base/error.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

gboolean
quilt_seccomp_check (const QuiltSpec *spec, GError **error)
{
  gboolean wanted =
      spec->seccomp || g_hash_table_contains (spec->annotations, QUILT_ANNOTATION_SECCOMP);

  if (spec->filter)
    return quilt_filter_check (spec->filter, error);
  if (!wanted)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Failed to use %s: the compiled filter did not come with it",
               spec->seccomp ? "linux.seccomp" : "annotations." QUILT_ANNOTATION_SECCOMP);
  return FALSE;
}

int
quilt_seccomp_apply (const QuiltSpec *spec)
{
  const QuiltFilterHeader *header;
  struct sock_fprog program;

  if (!spec->filter)
    return 0;
  header = quilt_filter_get_header (spec->filter);
  program.len = (unsigned short)header->n_instructions;
  program.filter = (struct sock_filter *)quilt_filter_get_instructions (spec->filter);
  if (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, header->flags, &program) < 0)
    return -errno;
  return 0;
}
