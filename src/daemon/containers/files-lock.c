/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of a container's files. */
#include "daemon/containers/files-lock.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <sys/file.h>

int
quilt_container_lock_files (const QuiltContainer *self, GError **error)
{
  const QuiltContainersParts *parts =
      quilt_containers_parts (quilt_container_get_containers (self));
  const QuiltContainerRecord *record = quilt_container_get_record (self);
  g_autofd int fd = quilt_container_open (parts->store, record->id, error);

  if (fd < 0 || flock (fd, LOCK_EX | LOCK_NB) == 0)
    return g_steal_fd (&fd);
  if (errno == EWOULDBLOCK)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Files are being copied from or to container '%s': try again when that is done",
                 record->options->name);
  else
    quilt_set_error_errno (error, errno, "Failed to lock the files of container '%s'",
                           record->options->name);
  return -1;
}

gboolean
quilt_container_files_are_locked (const QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;
  g_autofd int fd = quilt_container_lock_files (self, &error);

  return fd < 0 && g_error_matches (error, QUILT_ERROR, QUILT_ERROR_BUSY);
}
