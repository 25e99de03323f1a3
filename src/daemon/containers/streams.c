/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipes of a client that starts a container or attaches to it. */
#include "daemon/containers/streams.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/caller-fd.h"
#include "daemon/bus/dict.h"

#include <errno.h>
#include <fcntl.h>

GVariant *
quilt_streams_take (QuiltStreams *streams, const QuiltCall *call, GVariant *options, GError **error)
{
  struct {
    const char *name;
    QuiltCallerFdUse use;
    int *fd;
    gint32 handle;
    gboolean is_given;
  } pipes[] = {{"stdin", QUILT_CALLER_FD_PIPE, &streams->in, -1, FALSE},
               {"stdout", QUILT_CALLER_FD_SINK, &streams->out, -1, FALSE},
               {"stderr", QUILT_CALLER_FD_SINK, &streams->err, -1, FALSE}};
  guint64 columns = 0, rows = 0;
  const QuiltDictKey keys[] = {{"stdin", 'h', &pipes[0].handle, &pipes[0].is_given},
                               {"stdout", 'h', &pipes[1].handle, &pipes[1].is_given},
                               {"stderr", 'h', &pipes[2].handle, &pipes[2].is_given},
                               {"columns", 't', &columns, NULL},
                               {"rows", 't', &rows, NULL}};
  g_autoptr (GVariant) rest = quilt_dict_take (options, keys, G_N_ELEMENTS (keys), error);
  guint n_fds;
  const int *fds = quilt_call_get_fds (call, &n_fds);

  if (!rest)
    return NULL;
  g_variant_ref_sink (rest);
  for (guint i = 0; i < G_N_ELEMENTS (pipes); i++) {
    if (!pipes[i].is_given)
      continue;
    *pipes[i].fd =
        quilt_caller_fd_take (fds, n_fds, pipes[i].handle, pipes[i].name, pipes[i].use, error);
    if (*pipes[i].fd < 0)
      return NULL;
  }
  streams->columns = (guint32)MIN (columns, G_MAXUINT16);
  streams->rows = (guint32)MIN (rows, G_MAXUINT16);
  return g_steal_pointer (&rest);
}

void
quilt_streams_clear (QuiltStreams *streams)
{
  quilt_fd_clear (&streams->in);
  quilt_fd_clear (&streams->out);
  quilt_fd_clear (&streams->err);
}

gboolean
quilt_streams_reopen (int fd, int flags, int *ret_fd, GError **error)
{
  char path[32];

  if (fd < 0)
    return TRUE;
  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  *ret_fd = open (path, flags | O_NONBLOCK | O_CLOEXEC);
  return *ret_fd >= 0 || quilt_set_error_errno (error, errno, "Failed to open the caller's pipe");
}
