/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making cgroups, and moving processes into them. */
#include "cgroup/make.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another process may remove a parent directory while we make the cgroup; retry this often. */
#define ATTEMPTS 100

/* The controllers that limit containers. Others, such as perf_event, need not be enabled. */
static const char *const controllers[] = {"cpuset", "cpu",     "io",   "memory",
                                          "pids",   "hugetlb", "rdma", "misc"};

static gboolean
has_word (const char *text, const char *word)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  return g_strv_contains ((const char *const *)words, word);
}

/* Enables a cgroup's own controllers for its children; a new cgroup has none enabled. A controller
 * that can't be enabled is not an error here: setting a limit that needs it fails later. */
static void
enable_controllers (int dir_fd, gboolean is_new)
{
  g_autofree char *available = quilt_cgroup_read (dir_fd, "cgroup.controllers");
  g_autofree char *enabled = NULL;
  g_autoptr (GString) wanted = g_string_new (NULL);

  if (!available || !*available)
    return;
  enabled = is_new ? NULL : quilt_cgroup_read (dir_fd, "cgroup.subtree_control");
  for (guint i = 0; i < G_N_ELEMENTS (controllers); i++)
    if (has_word (available, controllers[i]) && !(enabled && has_word (enabled, controllers[i])))
      g_string_append_printf (wanted, "+%s ", controllers[i]);
  if (wanted->len == 0 || quilt_cgroup_write (dir_fd, "cgroup.subtree_control", wanted->str))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (controllers); i++) {
    g_autofree char *one = g_strconcat ("+", controllers[i], NULL);

    if (strstr (wanted->str, one))
      quilt_cgroup_write (dir_fd, "cgroup.subtree_control", one);
  }
}

/* Makes one directory in the cgroup dir_fd. is_new: dir_fd was itself just made. Returns -1 with
 * errno set. */
static int
make_part (int dir_fd, gboolean is_new, const char *part, gboolean *ret_made)
{
  enable_controllers (dir_fd, is_new);
  *ret_made = mkdirat (dir_fd, part, 0755) == 0;
  if (!*ret_made && errno != EEXIST)
    return -1;
  return openat (dir_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Removes the last n_made of the first n_parts directories of a path, after the next one could not
 * be made. */
static void
unmake (int root_fd, char **parts, guint n_parts, guint n_made)
{
  for (; n_made > 0; n_made--, n_parts--) {
    g_autofree char *rest = g_steal_pointer (&parts[n_parts]);
    g_autofree char *path = g_strjoinv ("/", parts);

    unlinkat (root_fd, path, AT_REMOVEDIR);
    parts[n_parts] = g_steal_pointer (&rest);
  }
}

/* One attempt to make all directories. On failure returns -1 with errno set, and removes the new
 * ones. */
static int
make_parts (int root_fd, char **parts)
{
  g_autofd int fd = openat (root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean made = FALSE;
  guint n_made = 0;

  for (guint i = 0; parts[i]; i++) {
    int child = make_part (fd, made, parts[i], &made);

    if (child < 0) {
      int errsv = errno;

      unmake (root_fd, parts, i, n_made);
      return errno = errsv, -1;
    }
    n_made += made ? 1 : 0;
    quilt_fd_clear (&fd);
    fd = child;
  }
  return g_steal_fd (&fd);
}

/* When the last container below a parent ends, its runtime removes the parent too, perhaps after we
 * have opened it. Then mkdirat() fails with ENOENT or ENODEV. */
int
quilt_cgroup_make (int root_fd, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path + 1, "/", -1);
  int fd = -1;

  for (guint i = 0; i < ATTEMPTS; i++) {
    fd = make_parts (root_fd, parts);
    if (fd >= 0 || !quilt_cgroup_is_gone (errno))
      break;
  }
  return fd;
}

gboolean
quilt_cgroup_move (int dir_fd, const char *name, pid_t pid)
{
  char path[64], text[16];

  g_snprintf (path, sizeof path, "%s/cgroup.procs", name);
  g_snprintf (text, sizeof text, "%d", (int)pid);
  return quilt_cgroup_write (dir_fd, path, text);
}

gboolean
quilt_cgroup_enter (int dir_fd, const char *name, pid_t pid, GError **error)
{
  if (mkdirat (dir_fd, name, 0755) < 0 && errno != EEXIST)
    return quilt_set_error_errno (error, errno, "Failed to make cgroup '%s'", name);
  return quilt_cgroup_move (dir_fd, name, pid) ||
         quilt_set_error_errno (error, errno, "Failed to enter cgroup '%s'", name);
}

gboolean
quilt_cgroup_has_controller (int dir_fd, const char *controller)
{
  g_autofree char *available = quilt_cgroup_read (dir_fd, "cgroup.controllers");

  return available && has_word (available, controller);
}
