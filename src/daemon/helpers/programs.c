/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The locations of quiltd's helper programs. */
#include "daemon/helpers/programs.h"

#include "base/fd.h"
#include "daemon/helpers/helper.h"

QuiltPrograms *
quilt_programs_open (const char *path, GError **error)
{
  int fd = quilt_helper_open_dir (path, error);
  QuiltPrograms *self;

  if (fd < 0)
    return NULL;
  self = g_new (QuiltPrograms, 1);
  *self = (QuiltPrograms){g_strdup (path), fd};
  return self;
}

void
quilt_programs_free (QuiltPrograms *self)
{
  quilt_fd_clear (&self->fd);
  g_free (self->path);
  g_free (self);
}
