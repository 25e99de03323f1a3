/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading the filter of a container's system calls. */
#include "core/program/seccomp.h"

#include "base/error.h"
#include "core/program/report.h"

#include <errno.h>
#include <fcntl.h>
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
               "Failed to use %s: the compiled filter is missing",
               spec->seccomp ? "linux.seccomp" : "annotations." QUILT_ANNOTATION_SECCOMP);
  return FALSE;
}

gboolean
quilt_seccomp_has_listener (const QuiltSpec *spec)
{
  return spec->filter &&
         (quilt_filter_get_header (spec->filter)->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

/* The number of the next descriptor. The prediction holds, since we have one thread. */
static int
foresee_descriptor (void)
{
  int fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

  if (fd >= 0)
    close (fd);
  return fd;
}

/* Waits without system calls: the filter might pass any of them to the listener, and nobody listens
 * yet. The process that takes the listener sets `taken` in our memory. */
static int
apply_with_listener (const QuiltFilterHeader *header, struct sock_fprog *program, int channel)
{
  volatile guint8 taken = 0;
  guint64 address = (guint64)(gsize)&taken;
  QuiltReport report;
  int fd = foresee_descriptor ();
  long r;

  if (fd < 0)
    return -errno;
  quilt_report_init (&report, QUILT_REPORT_LISTENER);
  report.error = fd;
  report.step = (guint32)address;
  report.status = (gint32)(address >> 32);
  if (!quilt_report_send (channel, &report))
    return -errno;
  r = syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, header->flags, program);
  if (r < 0)
    return -errno;
  while (r == fd && !taken)
    ;
  return r == fd ? 0 : -EBADFD;
}

int
quilt_seccomp_apply (const QuiltSpec *spec, int channel)
{
  const QuiltFilterHeader *header;
  struct sock_fprog program;

  if (!spec->filter)
    return 0;
  header = quilt_filter_get_header (spec->filter);
  program.len = (unsigned short)header->n_instructions;
  program.filter = (struct sock_filter *)quilt_filter_get_instructions (spec->filter);
  if (quilt_seccomp_has_listener (spec))
    return apply_with_listener (header, &program, channel);
  if (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, header->flags, &program) < 0)
    return -errno;
  return 0;
}
