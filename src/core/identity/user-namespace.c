/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setting up a container's user namespace: the supervisor writes its maps, and the init becomes its
 * root. */
#include "core/identity/user-namespace.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/mounts/idmap.h"
#include "core/mounts/trees.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

static gboolean
write_file (pid_t pid, const char *name, const char *text, GError **error)
{
  char path[64];
  g_autofd int fd = -1;

  g_snprintf (path, sizeof path, "/proc/%d/%s", (int)pid, name);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  return (fd >= 0 && quilt_fd_write_all (fd, text, strlen (text))) ||
         quilt_set_error_errno (error, errno, "Failed to write the container's %s", name);
}

static gboolean
write_oom_score (const QuiltProcess *process, pid_t pid, GError **error)
{
  char text[16];

  g_snprintf (text, sizeof text, "%d", (int)process->oom_score_adj);
  return !process->has_oom_score_adj || write_file (pid, "oom_score_adj", text, error);
}

gboolean
quilt_user_namespace_set_up (const QuiltSpec *spec,
                             const QuiltMountPlan *mounts,
                             const QuiltJoins *joins,
                             pid_t pid,
                             int channel,
                             GError **error)
{
  g_autofd int user_fd = -1;
  char path[32];

  /* Do not reap the process yet: its pid must not be reused before the writes are done. */
  if (!quilt_spec_leaves_host (spec, QUILT_NS_USER))
    return mounts->trees->len == 0 || quilt_trees_send (mounts, -1, spec, joins, channel, error);
  if ((spec->namespaces & QUILT_NS_USER) &&
      !quilt_idmap_write (pid, spec->uid_map, spec->gid_map, error))
    return FALSE;
  if (!write_oom_score (&spec->process, pid, error))
    return FALSE;
  g_snprintf (path, sizeof path, "/proc/%d/ns/user", (int)pid);
  user_fd = open (path, O_RDONLY | O_CLOEXEC);
  if (user_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open the container's user namespace");
  return quilt_trees_send (mounts, user_fd, spec, joins, channel, error);
}

int
quilt_user_namespace_become_root (gboolean keep_groups)
{
  if ((!keep_groups && setgroups (0, NULL) < 0) || setresgid (0, 0, 0) < 0 ||
      setresuid (0, 0, 0) < 0)
    return -errno;
  return 0;
}
