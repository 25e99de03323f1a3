/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors that quilt-look gets. */
#include "daemon/look/files.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/list-file.h"

#include <errno.h>
#include <fcntl.h>

GArray *
quilt_look_files_new (void)
{
  GArray *files = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_set_clear_func (files, (GDestroyNotify)quilt_fd_clear);
  return files;
}

gboolean
quilt_look_files_add_list (GArray *files, const char *const *strings, GError **error)
{
  int fd = quilt_list_file_new (strings, error);

  if (fd < 0)
    return FALSE;
  g_array_append_val (files, fd);
  return TRUE;
}

gboolean
quilt_look_files_add_directory (GArray *files, int dir_fd, const char *path, GError **error)
{
  int fd = openat (dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open '%s'", path);
  g_array_append_val (files, fd);
  return TRUE;
}
