/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relays sd_notify(3) from a container. */
#include "oci/launch/notify.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/oci/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DIRECTORY "notify"
#define NAME "notify.sock"
#define PLACE "/run/notify" /* path in the container, as in runc */
#define MESSAGE_MAX 4096

static const char *
get_ours (void)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");

  return path && *path ? path : NULL;
}

gboolean
quilt_oci_notify_prepare (const QuiltOci *oci,
                          const QuiltOciContainer *container,
                          QuiltSpec *spec,
                          GError **error)
{
  static const char *const options[] = {"bind", "nosuid", "nodev", "noexec", "ro", NULL};
  QuiltMount *mount;

  if (!get_ours ())
    return TRUE;
  /* The command's user must reach the socket, whatever its id. The parent directory keeps other
   * users out. */
  if (mkdirat (container->dir_fd, DIRECTORY, 0700) < 0 ||
      fchmodat (container->dir_fd, DIRECTORY, 0755, 0) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a directory for the notify socket");
  mount = g_new0 (QuiltMount, 1);
  mount->destination = g_strdup (PLACE);
  mount->source = g_build_filename (oci->root, container->id, DIRECTORY, NULL);
  mount->options = g_strdupv ((char **)options);
  g_ptr_array_add (spec->mounts, mount);
  quilt_environment_set (&spec->process, "NOTIFY_SOCKET", PLACE "/" NAME);
  return TRUE;
}

gboolean
quilt_oci_notify_listen (const QuiltOciContainer *container, int *ret_fd, GError **error)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_autofd int dir_fd = -1;
  g_autofd int fd = -1;
  mode_t mask;
  int r;

  *ret_fd = -1;
  if (get_ours ())
    dir_fd = openat (container->dir_fd, DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dir_fd < 0)
    return TRUE;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* This path is short enough, however long --root is. */
  g_snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" NAME, dir_fd);
  unlinkat (dir_fd, NAME, 0); /* left by an earlier attempt */
  mask = umask (0);
  r = fd < 0 ? -1 : bind (fd, (struct sockaddr *)&address, sizeof address);
  umask (mask);
  if (r < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a notify socket for container '%s'",
                                  container->id);
  *ret_fd = g_steal_fd (&fd);
  return TRUE;
}

static void
tell (pid_t main_pid)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = get_ours ();
  g_autofd int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gsize length = path ? strlen (path) : 0;
  char text[64];

  if (fd < 0 || length == 0 || length >= sizeof address.sun_path)
    return;
  memcpy (address.sun_path, path, length);
  if (*path == '@')
    address.sun_path[0] = '\0'; /* abstract address: see unix(7) */
  g_snprintf (text, sizeof text, "MAINPID=%d\nREADY=1", (int)main_pid);
  if (sendto (fd, text, strlen (text), MSG_NOSIGNAL, (struct sockaddr *)&address,
              (socklen_t)(G_STRUCT_OFFSET (struct sockaddr_un, sun_path) + length)) < 0)
    g_debug ("Failed to tell '%s' that the container is ready: %s", path, g_strerror (errno));
}

gboolean
quilt_oci_notify_relay (int fd, pid_t main_pid)
{
  char text[MESSAGE_MAX + 1];
  ssize_t n = recv (fd, text, MESSAGE_MAX, MSG_DONTWAIT);
  g_auto (GStrv) lines = NULL;

  if (n <= 0)
    return FALSE;
  text[n] = '\0';
  lines = g_strsplit (text, "\n", -1);
  if (!g_strv_contains ((const char *const *)lines, "READY=1"))
    return FALSE;
  if (main_pid > 0)
    tell (main_pid);
  return TRUE;
}

void
quilt_oci_notify_await (int fd, int pid_fd, pid_t main_pid)
{
  struct pollfd fds[] = {{fd, POLLIN, 0}, {pid_fd, POLLIN, 0}};

  for (;;) {
    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
      return;
    if ((fds[0].revents && quilt_oci_notify_relay (fd, main_pid)) || fds[1].revents)
      return;
  }
}
