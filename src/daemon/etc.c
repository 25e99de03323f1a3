/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the files of /etc that are a container's own. */
#include "daemon/etc.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/etc.h"
#include "spec/words.h"
#include "spec/sharing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static char *
get_hostname (const QuiltOptions *options)
{
  return options->hostname ? g_strdup (options->hostname)
                           : quilt_hostname_from_name (options->name);
}

/* The hostname that the container sees. Owned by the caller. */
static char *
find_hostname (const QuiltContainer *container, const QuiltSpec *spec)
{
  const QuiltSharing *uts = quilt_sharings;
  const QuiltContainer *other = NULL;
  const char *id;
  struct utsname host;

  while (uts->flag != QUILT_NS_UTS)
    uts++;
  id = quilt_sharing_get_container (uts, container->record->options);
  if (id)
    other = quilt_index_get (container->daemon->containers, id);
  if (spec->hostname)
    return g_strdup (spec->hostname);
  if (other)
    return get_hostname (other->record->options);
  return g_strdup (uname (&host) == 0 ? host.nodename : "localhost");
}

/* Anew: somebody may hold the file of the run before, and has power over whoever opens that (a
 * lease, which the kernel waits 45 s for). The container may write to the file, but only quiltd to
 * its directory. It need not last beyond the run. */
static gboolean
write_file (int dir_fd, const char *name, const char *text, GError **error)
{
  g_autofd int fd = -1;

  if (unlinkat (dir_fd, name, 0) == 0 || errno == ENOENT)
    fd = openat (dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  /* fchmod: quiltd's umask took away the right of others to read. */
  if (fd < 0 || fchmod (fd, 0644) < 0 || !quilt_fd_write_all (fd, text, strlen (text)))
    return quilt_set_error_errno (error, errno, "Failed to write '/etc/%s' of the container", name);
  return TRUE;
}

gboolean
quilt_etc_write (const QuiltContainer *container, const QuiltSpec *spec, GError **error)
{
  const QuiltOptions *options = container->record->options;
  g_autofree char *hostname = find_hostname (container, spec);
  g_autofd int fd =
      quilt_container_open_etc (container->daemon->store, container->record->id, error);

  for (guint i = 0; fd >= 0 && i < QUILT_ETC_FILES; i++) {
    g_autofree char *path = g_build_filename ("/etc", quilt_etc_name (i), NULL);
    g_autofree char *host = NULL;
    g_autofree char *text = NULL;

    if (!quilt_etc_has (i, options))
      continue;
    if (quilt_etc_is_host (i, options))
      g_file_get_contents (path, &host, NULL, NULL); /* a host without the file has no content */
    text = quilt_etc_text (i, options, hostname, host);
    if (!write_file (fd, quilt_etc_name (i), text, error))
      return FALSE;
  }
  return fd >= 0;
}
