/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a container's cgroup: to freeze, count, kill, and to remove what they left. */
#include "oci/cgroup.h"

#include "base/cgroupfs.h"
#include "base/error.h"
#include "base/fd.h"
#include "oci/cgroup-files.h"
#include "oci/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 64
#define FREEZE_MS 10000
#define EMPTY_MS 10000
#define LOOK_MS 50

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

/* Calls visit for the cgroup dir_fd and all below it, the deepest first. FALSE with errno if one of
 * them can't be opened, or if visit says so; a cgroup that is gone is passed over. */
static gboolean
walk (int dir_fd, guint depth, gboolean (*visit) (int dir_fd, gpointer data), gpointer data)
{
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (!dir)
    return quilt_cgroupfs_is_gone (errno);
  while (depth < DEPTH_MAX && (entry = readdir (dir))) {
    g_autofd int child = -1;

    if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
      continue;
    child = openat (dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0 ? !quilt_cgroupfs_is_gone (errno) : !walk (child, depth + 1, visit, data))
      return FALSE;
  }
  return visit (dir_fd, data);
}

/* A threaded cgroup does not list processes (EOPNOTSUPP): they are in the one above it too. */
static gboolean
add_processes (int dir_fd, gpointer processes)
{
  g_autofree char *text = quilt_oci_cgroup_read (dir_fd, "cgroup.procs");
  g_auto (GStrv) lines = NULL;

  if (!text)
    return quilt_cgroupfs_is_gone (errno) || errno == EOPNOTSUPP;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++) {
    pid_t pid = (pid_t)g_ascii_strtoll (*line, NULL, 10);

    if (pid > 0) /* 0: of a pid namespace that is not ours */
      g_array_append_val (processes, pid);
  }
  return TRUE;
}

GArray *
quilt_oci_cgroup_processes (QuiltOciCgroup *self, GError **error)
{
  g_autoptr (GArray) processes = g_array_new (FALSE, FALSE, sizeof (pid_t));
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return NULL;
  if (exists && !walk (self->dir_fd, 0, add_processes, processes)) {
    quilt_set_error_errno (error, errno, "Failed to list the processes of cgroup '%s'", self->path);
    return NULL;
  }
  return g_steal_pointer (&processes);
}

/* Waits until cgroup.events has the line, or is gone. A cgroup that somebody removes takes along
 * what the kernel had not told us yet (it holds events back for 10 ms): hence the short looks. */
static gboolean
wait_event (int dir_fd, const char *line, int timeout_ms)
{
  g_autofd int fd = openat (dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
  const gint64 end = g_get_monotonic_time () + timeout_ms * 1000;
  char text[256];

  while (fd >= 0) {
    struct pollfd wait = {.fd = fd, .events = POLLPRI};
    ssize_t n = pread (fd, text, sizeof text - 1, 0);
    gint64 left = (end - g_get_monotonic_time () + 999) / 1000;

    if (n < 0)
      return quilt_cgroupfs_is_gone (errno);
    text[n] = '\0';
    if (strstr (text, line))
      return TRUE;
    if (left <= 0)
      return FALSE;
    if (poll (&wait, 1, (int)MIN (left, LOOK_MS)) < 0 && errno != EINTR)
      return FALSE;
  }
  return quilt_cgroupfs_is_gone (errno);
}

gboolean
quilt_oci_cgroup_is_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error)
{
  int populated = 0;
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return FALSE;
  if (exists)
    populated = quilt_cgroupfs_is_populated (self->dir_fd);
  if (populated < 0)
    return quilt_set_error_errno (error, errno, "Failed to look for processes in cgroup '%s'",
                                  self->path);
  *ret_empty = !populated;
  return TRUE;
}

gboolean
quilt_oci_cgroup_wait_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error)
{
  if (quilt_oci_cgroup_open (self, NULL))
    wait_event (self->dir_fd, "populated 0", EMPTY_MS);
  return quilt_oci_cgroup_is_empty (self, ret_empty, error);
}

gboolean
quilt_oci_cgroup_is_frozen (QuiltOciCgroup *self)
{
  g_autofree char *text = NULL;

  if (!quilt_oci_cgroup_open (self, NULL))
    return FALSE;
  text = quilt_oci_cgroup_read (self->dir_fd, "cgroup.events");
  return text && strstr (text, "frozen 1");
}

static gboolean
write_word (QuiltOciCgroup *self, const char *name, const char *word)
{
  g_autofd int fd = openat (self->dir_fd, name, O_WRONLY | O_CLOEXEC);

  return fd >= 0 && write (fd, word, strlen (word)) >= 0;
}

gboolean
quilt_oci_cgroup_freeze (QuiltOciCgroup *self, GError **error)
{
  if (!quilt_oci_cgroup_open (self, error))
    return FALSE;
  if (!write_word (self, "cgroup.freeze", "1"))
    return quilt_set_error_errno (error, errno, "Failed to freeze cgroup '%s'", self->path);
  if (wait_event (self->dir_fd, "frozen 1", FREEZE_MS))
    return TRUE;
  write_word (self, "cgroup.freeze", "0");
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
               "Failed to freeze cgroup '%s' within %d s: a process of it does not stand still",
               self->path, FREEZE_MS / 1000);
  return FALSE;
}

gboolean
quilt_oci_cgroup_thaw (QuiltOciCgroup *self, GError **error)
{
  if (!quilt_oci_cgroup_open (self, error))
    return FALSE;
  if (!write_word (self, "cgroup.freeze", "0") || !wait_event (self->dir_fd, "frozen 0", FREEZE_MS))
    return quilt_set_error_errno (error, errno, "Failed to thaw cgroup '%s'", self->path);
  return TRUE;
}

static gboolean
signal_each (QuiltOciCgroup *self, int signal_number, GError **error)
{
  g_autoptr (GArray) processes = quilt_oci_cgroup_processes (self, error);

  if (!processes)
    return FALSE;
  for (guint i = 0; i < processes->len; i++)
    if (kill (g_array_index (processes, pid_t, i), signal_number) < 0 && errno != ESRCH)
      return quilt_set_error_errno (error, errno, "Failed to signal process %d of cgroup '%s'",
                                    (int)g_array_index (processes, pid_t, i), self->path);
  return TRUE;
}

/* Before Linux 5.14 there is no cgroup.kill: what stands still can't fork away. */
static gboolean
kill_frozen (QuiltOciCgroup *self, GError **error)
{
  gboolean ok;

  write_word (self, "cgroup.freeze", "1");
  wait_event (self->dir_fd, "frozen 1", FREEZE_MS);
  ok = signal_each (self, SIGKILL, error);
  write_word (self, "cgroup.freeze", "0");
  return ok;
}

gboolean
quilt_oci_cgroup_kill_all (QuiltOciCgroup *self, int signal_number, GError **error)
{
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;
  if (signal_number != SIGKILL)
    return signal_each (self, signal_number, error);
  if (write_word (self, "cgroup.kill", "1") || errno == ENODEV)
    return TRUE;
  return kill_frozen (self, error);
}

static gboolean
remove_children (int dir_fd, gpointer data)
{
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  while (dir && (entry = readdir (dir)))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      unlinkat (dir_fd, entry->d_name, AT_REMOVEDIR);
  return TRUE;
}

/* Others may be in it, or make themselves a cgroup there: then it stays. */
static void
remove_home (int root_fd, const QuiltOciCgroup *self)
{
  if (!self->systemd && self->path && g_str_has_prefix (self->path, QUILT_OCI_CGROUP_HOME "/"))
    unlinkat (root_fd, &QUILT_OCI_CGROUP_HOME[1], AT_REMOVEDIR);
}

static gboolean
remove_directory (QuiltOciCgroup *self, GError **error)
{
  g_autofd int root_fd = quilt_oci_cgroup_open_root (error);
  int result;

  if (root_fd < 0)
    return FALSE;
  result = unlinkat (root_fd, self->path + 1, AT_REMOVEDIR);
  if (result < 0 && (errno == EBUSY || errno == ENOTEMPTY)) {
    walk (self->dir_fd, 0, remove_children, NULL);
    result = unlinkat (root_fd, self->path + 1, AT_REMOVEDIR);
  }
  if (result < 0 && errno != ENOENT)
    return quilt_set_error_errno (error, errno, "Failed to remove cgroup '%s'", self->path);
  quilt_fd_clear (&self->dir_fd);
  remove_home (root_fd, self);
  return TRUE;
}

/* It is gone, or was never made; what comes before and after it may be there. If ours is known, a
 * scope that has a cgroup at that path nevertheless is somebody else's; if not, systemd may have
 * made ours just now. */
static gboolean
remove_rest (QuiltOciCgroup *self, GError **error)
{
  g_autofd int root_fd = -1;

  if (!self->path)
    return TRUE;
  root_fd = quilt_oci_cgroup_open_root (error);
  if (root_fd < 0)
    return FALSE;
  if (self->systemd && faccessat (root_fd, self->path + 1, F_OK, 0) == 0)
    return TRUE;
  if (self->systemd && !quilt_cgroupfs_is_gone (errno))
    return quilt_set_error_errno (error, errno, "Failed to look for cgroup '%s'", self->path);
  if (self->systemd)
    return quilt_oci_scope_stop (self, error);
  remove_home (root_fd, self);
  return TRUE;
}

gboolean
quilt_oci_cgroup_remove (QuiltOciCgroup *self, GError **error)
{
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return FALSE;
  if (!exists)
    return remove_rest (self, error);
  /* The dead ones that nobody has fetched yet are no processes for cgroup.events. */
  if (!wait_event (self->dir_fd, "populated 0", EMPTY_MS)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Failed to remove cgroup '%s': there are processes in it", self->path);
    return FALSE;
  }
  if (self->systemd && !quilt_oci_scope_stop (self, error))
    return FALSE;
  return remove_directory (self, error);
}
