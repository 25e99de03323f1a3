/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the id maps of an existing user namespace. */
#include "core/identity/learn-ids.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel shows id maps only for processes, not for namespaces. So a child process enters the
 * namespace, reports the result, and waits there to be killed. Child-safe. */
static void
enter_and_wait (int users_fd, int channel)
{
  int errsv;

  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0); /* the namespace's root must not read our memory */
  errsv = setns (users_fd, CLONE_NEWUSER) < 0 ? errno : 0;
  if (quilt_fd_write_all (channel, &errsv, sizeof errsv))
    while (read (channel, &errsv, 1) < 0 && errno == EINTR)
      ;
  _exit (0);
}

static GArray *
read_map (pid_t pid, const char *name, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", (int)pid, name);
  g_autoptr (GArray) map = quilt_id_map_new ();
  g_autofree char *text = NULL;
  guint32 inside, outside, count;
  int length;

  if (!g_file_get_contents (path, &text, NULL, NULL)) {
    quilt_set_error_errno (error, errno, "Failed to read '%s'", path);
    return NULL;
  }
  for (const char *at = text;
       sscanf (at, " %" G_GUINT32_FORMAT " %" G_GUINT32_FORMAT " %" G_GUINT32_FORMAT "%n", &inside,
               &outside, &count, &length) == 3;
       at += length)
    quilt_id_map_add (map, inside, outside, count);
  return quilt_id_map_check (map, error) ? g_steal_pointer (&map) : NULL;
}

static gboolean
read_maps (QuiltSpec *spec, pid_t pid, GError **error)
{
  g_autoptr (GArray) uids = read_map (pid, "uid_map", error);
  g_autoptr (GArray) gids = uids ? read_map (pid, "gid_map", error) : NULL;

  return gids && quilt_spec_learn_id_maps (spec, uids, gids, error);
}

static gboolean
learn (QuiltSpec *spec, int users_fd, const char *path, GError **error)
{
  int channel[2], errsv = 0;
  gboolean ok;
  pid_t pid;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket pair");
  pid = fork ();
  if (pid == 0) {
    close (channel[0]); /* while the child holds our end, it does not notice that we close it */
    enter_and_wait (users_fd, channel[1]);
  }
  errsv = pid < 0 ? errno : 0;
  close (channel[1]);
  ok = pid > 0 && read (channel[0], &errsv, sizeof errsv) == sizeof errsv && errsv == 0;
  if (!ok)
    quilt_set_error_errno (error, errsv ? errsv : ECHILD,
                           "Failed to look into the user namespace '%s'", path);
  else if (!read_maps (spec, pid, error)) {
    g_prefix_error (error, "Failed to use the user namespace '%s': ", path);
    ok = FALSE;
  }
  close (channel[0]);
  if (pid > 0) {
    kill (pid, SIGKILL);
    waitpid (pid, NULL, 0);
  }
  return ok;
}

gboolean
quilt_ids_learn (QuiltSpec *spec, GError **error)
{
  const char *path = quilt_spec_get_unknown_users (spec);
  g_autofd int fd = path ? open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;

  if (!path)
    return TRUE;
  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open namespace '%s'", path);
  return learn (spec, fd, path, error);
}
