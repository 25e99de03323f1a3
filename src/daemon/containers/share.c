/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that share namespaces: resolves the options, and opens the namespaces to join. */
#include "daemon/containers/share.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/fd.h"
#include "cgroup/scope.h"
#include "spec/options/sharing.h"
#include "systemd/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* The limit for records that name each other in a circle, which ours never do. */
#define DEPTH_MAX 16

static gboolean
is_private (const QuiltSharing *sharing, const QuiltOptions *options)
{
  return sharing->flag == QUILT_NS_IPC && (!options->ipc || g_str_equal (options->ipc, "private"));
}

static gboolean
bind_one (const QuiltSharing *sharing,
          QuiltContainers *containers,
          QuiltOptions *options,
          GPtrArray *others,
          GError **error)
{
  const char *asked = quilt_sharing_get_container (sharing, options);

  for (guint i = 0; asked && i < DEPTH_MAX; i++) {
    QuiltContainer *other = quilt_containers_find (containers, asked, error);
    const QuiltOptions *its = other ? quilt_container_get_record (other)->options : NULL;

    if (!its)
      return quilt_option_error_prefix (error, sharing->key);
    if (!g_ptr_array_find (others, other, NULL))
      g_ptr_array_add (others, g_object_ref (other));
    if (quilt_sharing_is_host (sharing, its)) {
      quilt_sharing_set_host (sharing, options);
      return TRUE;
    }
    if (is_private (sharing, its))
      return quilt_option_error_set (
          error, QUILT_ERROR_INVALID_ARGUMENT, sharing->key,
          ": container '%s' does not share its own; create that container with --%s=shareable",
          its->name, sharing->key);
    asked = quilt_sharing_get_container (sharing, its);
    quilt_sharing_set_container (sharing, options,
                                 asked ? asked : quilt_container_get_record (other)->id);
  }
  return TRUE;
}

gboolean
quilt_share_bind (QuiltContainers *containers,
                  QuiltOptions *options,
                  GPtrArray *others,
                  GError **error)
{
  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++)
    if (!bind_one (sharing, containers, options, others, error))
      return FALSE;
  return TRUE;
}

static int
open_namespace (const QuiltContainer *other, const char *file)
{
  const pid_t pid = quilt_container_get_pid (other);
  const char *place = quilt_container_get_place (other);
  g_autofree char *scope = place ? quilt_scope_cgroup (place) : NULL;
  g_autofd int pid_fd = scope ? pidfd_open (pid, 0) : -1;
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", (int)pid, file);
  g_autofd int fd = pid_fd < 0 ? -1 : open (path, O_RDONLY | O_CLOEXEC);
  struct pollfd ended = {.fd = pid_fd, .events = POLLIN};

  if (fd < 0)
    return -1;
  /* If the process is still alive after the check of its cgroup, its pid was not reused. So the
   * namespace and the cgroup are those of this process. */
  if (!quilt_scope_has_process (scope, QUILT_SCOPE_PAYLOAD, pid) || poll (&ended, 1, 0) != 0)
    return errno = ESRCH, -1;
  return g_steal_fd (&fd);
}

gboolean
quilt_share_open (QuiltContainers *containers,
                  const QuiltOptions *options,
                  GArray *fds,
                  GError **error)
{
  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++) {
    const char *id = quilt_sharing_get_container (sharing, options);
    const QuiltContainer *other = id ? quilt_containers_get (containers, id) : NULL;
    int fd;

    if (!id)
      continue;
    if (!other) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                   "Failed to join the %s namespace of container '%s': that container was removed; "
                   "create this one again",
                   sharing->key, id);
      return FALSE;
    }
    fd = quilt_container_get_state (other) == QUILT_STATE_RUNNING
             ? open_namespace (other, sharing->file)
             : -1;
    if (fd < 0) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                   "Failed to join the %s namespace of container '%s': that container is not "
                   "running; start it first",
                   sharing->key, quilt_container_get_name (other));
      return FALSE;
    }
    g_array_append_val (fds, fd);
  }
  return TRUE;
}
