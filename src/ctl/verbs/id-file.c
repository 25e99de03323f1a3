/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of --cidfile and --pidfile. quiltctl writes them with the user's own rights. */
#include "ctl/verbs/id-file.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "ctl/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gboolean
quilt_id_file_open (QuiltIdFile *file, const char *path, GError **error)
{
  g_autofree char *quoted = NULL;

  if (!path)
    return TRUE;
  file->fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file->fd < 0) {
    const int cause = errno;

    quoted = quilt_text_quote (path);
    if (cause != EEXIST)
      return quilt_set_error_errno (error, cause, "Failed to make the ID file '%s'", quoted);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS,
                 "Failed to make the ID file '%s': File exists; remove it, or choose another file",
                 quoted);
    return FALSE;
  }
  file->path = g_strdup (path);
  return TRUE;
}

gboolean
quilt_id_file_write (QuiltIdFile *file, const char *id, GError **error)
{
  g_autofree char *quoted = NULL;
  gsize length = strlen (id);

  if (!file->path)
    return TRUE;
  if (write (file->fd, id, length) != (gssize)length) {
    quoted = quilt_text_quote (file->path);
    return quilt_set_error_errno (error, errno, "Failed to write the ID %s to '%s'", id, quoted);
  }
  file->written = TRUE;
  return TRUE;
}

void
quilt_id_file_clear (QuiltIdFile *file)
{
  quilt_fd_clear (&file->fd);
  if (file->path && !file->written)
    unlink (file->path);
  g_free (file->path);
}

gboolean
quilt_pid_file_write (QuiltCtl *ctl, const char *path, const char *container, GError **error)
{
  g_autoptr (GVariant) properties = NULL;
  g_autofree char *text = NULL;
  guint32 pid = 0;

  if (!path)
    return TRUE;
  properties = quilt_bus_get_all (ctl, container, QUILT_BUS_CONTAINER, error);
  if (!properties)
    return FALSE;
  g_variant_lookup (properties, "Pid", "u", &pid);
  if (pid == 0) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                         "Failed to write the process ID: the container has ended already");
    return FALSE;
  }
  text = g_strdup_printf ("%u", pid);
  return g_file_set_contents (path, text, -1, error);
}
