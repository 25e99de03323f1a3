/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of strings in memory files. */
#include "base/list-file.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
quilt_list_file_new (const char *const *strings, GError **error)
{
  g_autofd int fd = memfd_create ("quilt-list", MFD_CLOEXEC);
  gboolean ok = fd >= 0;

  for (; ok && *strings; strings++)
    ok = quilt_fd_write_all (fd, *strings, strlen (*strings) + 1);
  if (ok)
    return g_steal_fd (&fd);
  quilt_set_error_errno (error, errno, "Failed to make a memory file");
  return -1;
}

char **
quilt_list_file_read (int fd)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  g_autofree char *text = NULL;
  struct stat st;

  if (fstat (fd, &st) < 0 || st.st_size < 0)
    return NULL;
  text = g_malloc0 ((gsize)st.st_size + 1);
  if (pread (fd, text, (gsize)st.st_size, 0) != st.st_size)
    return NULL;
  for (off_t at = 0; at < st.st_size; at += (off_t)strlen (text + at) + 1)
    g_strv_builder_add (list, text + at);
  return g_strv_builder_end (list);
}
