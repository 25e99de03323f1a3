/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a run in /run. */
#include "daemon/containers/run-dir.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "spec/names.h"
#include "systemd/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct QuiltRunDirs {
  char *path;   /* path of containers/ */
  int runs_fd;  /* descriptor of containers/ */
  int units_fd; /* /run/systemd/units; -1 if it is missing */
};

QuiltRunDirs *
quilt_run_dirs_new (int run_fd, const char *run_dir, GError **error)
{
  g_autoptr (QuiltRunDirs) self = g_new0 (QuiltRunDirs, 1);

  self->path = g_build_filename (run_dir, "containers", NULL);
  self->units_fd = open ("/run/systemd/units", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  self->runs_fd = quilt_dir_ensure (run_fd, "containers", error);
  return self->runs_fd >= 0 ? g_steal_pointer (&self) : NULL;
}

void
quilt_run_dirs_free (QuiltRunDirs *self)
{
  if (!self)
    return;
  quilt_fd_clear (&self->runs_fd);
  quilt_fd_clear (&self->units_fd);
  g_free (self->path);
  g_free (self);
}

void
quilt_run_dirs_foreach (QuiltRunDirs *self,
                        void (*callback) (const char *id, gpointer data),
                        gpointer data)
{
  int fd = openat (self->runs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  while (dir && (entry = readdir (dir)))
    if (quilt_id_check (entry->d_name))
      callback (entry->d_name, data);
  if (dir)
    closedir (dir);
  else
    quilt_fd_clear (&fd);
}

char *
quilt_run_dir_get_path (const QuiltRunDirs *dirs, const char *id)
{
  return g_build_filename (dirs->path, id, NULL);
}

/* journald reads a unit's rate limit here, where PID 1 writes it for services. A scope has no such
 * setting, and journald's default would drop lines of a busy container. "0" means "no limit". */
static const char *const limits[] = {"log-rate-limit-interval:", "log-rate-limit-burst:"};

void
quilt_run_dir_lift_limits (QuiltRunDirs *dirs, const char *scope)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits) && dirs->units_fd >= 0; i++) {
    g_autofree char *name = g_strconcat (limits[i], scope, NULL);

    if (symlinkat ("0", dirs->units_fd, name) < 0 && errno != EEXIST)
      g_warning ("Failed to lift journald's limit for '%s': %s", scope, g_strerror (errno));
  }
}

void
quilt_run_dir_forget_scope (QuiltRunDirs *dirs, const char *scope)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits) && dirs->units_fd >= 0; i++) {
    g_autofree char *name = g_strconcat (limits[i], scope, NULL);

    unlinkat (dirs->units_fd, name, 0);
  }
}

void
quilt_run_dir_sweep_limits (QuiltRunDirs *dirs)
{
  int fd = openat (dirs->units_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  g_autoptr (GHashTable) scopes = quilt_scopes_list (NULL);
  struct dirent *entry;

  while (dir && scopes && (entry = readdir (dir))) {
    const char *scope = strchr (entry->d_name, ':');

    if (g_str_has_prefix (entry->d_name, "log-rate-limit-") && scope &&
        g_str_has_prefix (scope, ":quilt-") && g_str_has_suffix (scope, ".scope") &&
        !g_hash_table_contains (scopes, scope + 1))
      unlinkat (dirs->units_fd, entry->d_name, 0);
  }
  if (dir)
    closedir (dir);
  else
    quilt_fd_clear (&fd);
}

static int
make_directory (int runs_fd, const char *id, GError **error)
{
  g_autofd int fd = -1;

  if (mkdirat (runs_fd, id, 0700) < 0 &&
      (errno != EEXIST || !quilt_tree_remove (runs_fd, id, NULL) ||
       mkdirat (runs_fd, id, 0700) < 0)) {
    quilt_set_error_errno (error, errno, "Failed to make the run directory '%s'", id);
    return -1;
  }
  return quilt_dir_open (runs_fd, id, error);
}

static gboolean
write_file (int fd, const char *name, const char *text, GError **error)
{
  return quilt_file_replace (fd, name, text, strlen (text), QUILT_FILE_VOLATILE, error);
}

int
quilt_run_dir_make (QuiltRunDirs *dirs,
                    const char *id,
                    const char *place,
                    const char *config,
                    char *const etc[QUILT_ETC_FILES],
                    GError **error)
{
  g_autofd int fd = make_directory (dirs->runs_fd, id, error);

  if (fd < 0)
    return -1;
  if (symlinkat (place, fd, "scope") < 0 && errno != EEXIST) {
    quilt_set_error_errno (error, errno, "Failed to write 'scope'");
    return -1;
  }
  for (guint i = 0; i < QUILT_ETC_FILES; i++)
    if (etc[i] && !write_file (fd, quilt_etc_name (i), etc[i], error))
      return -1;
  if (!write_file (fd, "config.json", config, error))
    return -1;
  return g_steal_fd (&fd);
}

int
quilt_run_dir_open (const QuiltRunDirs *dirs, const char *id, GError **error)
{
  return quilt_dir_open (dirs->runs_fd, id, error);
}

void
quilt_run_dir_announce (QuiltRunDirs *dirs, const char *id)
{
  mkdirat (dirs->runs_fd, id, 0700); /* the run itself reports a failure */
}

gboolean
quilt_run_dir_exists (QuiltRunDirs *dirs, const char *id)
{
  return faccessat (dirs->runs_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

char *
quilt_run_dir_get_place (QuiltRunDirs *dirs, const char *id)
{
  g_autofree char *path = g_build_filename (id, "scope", NULL);
  char place[PATH_MAX];
  ssize_t n = readlinkat (dirs->runs_fd, path, place, sizeof place);

  return n > 0 && (size_t)n < sizeof place ? g_strndup (place, (gsize)n) : NULL;
}

gboolean
quilt_run_dir_get_exit (QuiltRunDirs *dirs,
                        const char *id,
                        QuiltMessage *ret_message,
                        GError **error)
{
  g_autofree char *path = g_build_filename (id, "exit", NULL);

  return quilt_message_load_end (dirs->runs_fd, path, ret_message, error);
}

/* Descriptors reserved for bus, journal and service manager. Without them, no container that uses
 * up the others could be ended. */
#define DESCRIPTORS_LEFT 16

static gboolean
is_one_of_the_last (int fd)
{
  struct rlimit limit;

  return getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
         (rlim_t)fd + DESCRIPTORS_LEFT >= limit.rlim_cur;
}

static int
connect_in (const QuiltRunDirs *dirs, const char *id, const char *directory, GError **error)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_autofd int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  /* Use a path in /proc, since the real path may be too long for a socket address. */
  snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s/supervisor",
            dirs->runs_fd, directory);
  if (fd >= 0 && is_one_of_the_last (fd)) {
    quilt_fd_clear (&fd);
    errno = EMFILE;
  }
  if (fd >= 0 && connect (fd, (struct sockaddr *)&address, sizeof address) == 0)
    return g_steal_fd (&fd);
  if (fd >= 0 && (errno == ENOENT || errno == ECONNREFUSED))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "The supervisor of container %s is gone", id);
  else
    quilt_set_error_errno (error, errno, "Failed to connect to the supervisor of container %s", id);
  return -1;
}

int
quilt_run_dir_connect (QuiltRunDirs *dirs, const char *id, GError **error)
{
  return connect_in (dirs, id, id, error);
}

int
quilt_run_dir_connect_session (QuiltRunDirs *dirs,
                               const char *id,
                               const char *session,
                               GError **error)
{
  g_autofree char *directory = g_build_filename (id, QUILT_SESSIONS_DIR, session, NULL);

  return connect_in (dirs, id, directory, error);
}

void
quilt_run_dir_remove (QuiltRunDirs *dirs, const char *id, const char *scope)
{
  g_autoptr (GError) error = NULL;

  if (scope)
    quilt_run_dir_forget_scope (dirs, scope);
  if (!quilt_tree_remove (dirs->runs_fd, id, &error))
    g_warning ("%s", error->message);
}
