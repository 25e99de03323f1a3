/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state directory: its owner, its lock and its subdirectories. */
#include "store/store.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "spec/provide.h"
#include "store/store-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory that is the lowest layer of every container. */
#define MOUNT_POINTS "mount-points"
#define PROVIDED_POINT "provided-point"

static const char *const rooms[] = {"images",     "layers",       "containers",
                                    MOUNT_POINTS, PROVIDED_POINT, NULL};

/* Leftovers of a crash, by subdirectory. The lock ensures that no other process still uses them. */
static const struct {
  gsize room_offset;
  const char *prefix;
  const char *suffix;
} unfinished[] = {
    {offsetof (QuiltStore, images_fd), ".", ".tmp"},
    {offsetof (QuiltStore, layers_fd), ".tmp-", ""},
    {offsetof (QuiltStore, containers_fd), ".new-", ""},
    {offsetof (QuiltStore, containers_fd), ".gone-", ""},
};

/* Whether the directory contains nothing but a store. Then we may close it to other users. */
static gboolean
holds_only_store (int fd)
{
  g_autofd int copy = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy >= 0 ? fdopendir (copy) : NULL;
  struct dirent *entry;
  gboolean only = TRUE;

  if (!dir)
    return FALSE;
  g_steal_fd (&copy);
  while (only && (entry = readdir (dir)))
    only = strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0 ||
           strcmp (entry->d_name, "lock") == 0 || strcmp (entry->d_name, "lost+found") == 0 ||
           g_strv_contains (rooms, entry->d_name);
  closedir (dir);
  return only;
}

/* The store has device nodes, setuid files and environments with secrets, so no other user may
 * enter it. */
static gboolean
check_access (int fd, const char *path, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return quilt_set_error_errno (error, errno, "Failed to examine '%s'", path);
  if (st.st_uid != geteuid ()) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to open store '%s': it belongs to uid %u; give it to uid %u", path,
                 st.st_uid, geteuid ());
    return FALSE;
  }
  if ((st.st_mode & 077) == 0)
    return TRUE;
  if (!holds_only_store (fd)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to open store '%s': it holds other files, and other users may enter it "
                 "(mode %04o); choose an empty directory",
                 path, st.st_mode & 07777);
    return FALSE;
  }
  if (fchmod (fd, 0700) < 0)
    return quilt_set_error_errno (error, errno, "Failed to close '%s' to others", path);
  return TRUE;
}

static gboolean
take_lock (QuiltStore *store, GError **error)
{
  store->lock_fd = openat (store->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (store->lock_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open '%s/lock'", store->path);
  if (flock (store->lock_fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno != EWOULDBLOCK)
    return quilt_set_error_errno (error, errno, "Failed to lock '%s/lock'", store->path);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
               "Failed to open store '%s': another quiltd uses it", store->path);
  return FALSE;
}

/* If a leftover can't be removed (a mount in it, a bad sector), it does no harm: its name belongs
 * to no object. The next start tries again. */
static void
remove_unfinished (int room_fd, const char *prefix, const char *suffix)
{
  g_autofd int copy = openat (room_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy >= 0 ? fdopendir (copy) : NULL;
  struct dirent *entry;

  if (!dir)
    return;
  g_steal_fd (&copy);
  while ((entry = readdir (dir))) {
    g_autoptr (GError) error = NULL;

    if (g_str_has_prefix (entry->d_name, prefix) && g_str_has_suffix (entry->d_name, suffix) &&
        !quilt_tree_remove (room_fd, entry->d_name, &error))
      g_debug ("%s", error->message);
  }
  closedir (dir);
}

/* Every container has mounts over these files. If an image lacked them, they would be made in the
 * container's own directory at each start. */
static gboolean
make_mount_points (QuiltStore *store, GError **error)
{
  static const char *const files[] = {"etc/hosts", "etc/hostname"};
  g_autofd int fd = quilt_dir_ensure (store->fd, MOUNT_POINTS, error);

  if (fd < 0)
    return FALSE;
  if ((mkdirat (fd, "etc", 0755) < 0 && errno != EEXIST) || fchmodat (fd, "etc", 0755, 0) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make '%s/" MOUNT_POINTS "/etc'",
                                  store->path);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofd int file =
        openat (fd, files[i], O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (file < 0 || fchmod (file, 0644) < 0)
      return quilt_set_error_errno (error, errno, "Failed to make '%s/" MOUNT_POINTS "/%s'",
                                    store->path, files[i]);
  }
  return TRUE;
}

const char *
quilt_store_get_path (const QuiltStore *store)
{
  return store->path;
}

int
quilt_store_get_layers_fd (const QuiltStore *store)
{
  return store->layers_fd;
}

char *
quilt_store_get_mount_points (const QuiltStore *store)
{
  return g_build_filename (store->path, MOUNT_POINTS, NULL);
}

/* Other containers must not have this directory. */
static gboolean
make_provided_point (QuiltStore *store, GError **error)
{
  g_autofd int fd = quilt_dir_ensure (store->fd, PROVIDED_POINT, error);

  if (fd < 0)
    return FALSE;
  return ((mkdirat (fd, QUILT_PROVIDE_DIRECTORY, 0755) == 0 || errno == EEXIST) &&
          fchmodat (fd, QUILT_PROVIDE_DIRECTORY, 0755, 0) == 0) ||
         quilt_set_error_errno (error, errno, "Failed to make '%s/" PROVIDED_POINT "'",
                                store->path);
}

char *
quilt_store_get_provided_point (const QuiltStore *store)
{
  return g_build_filename (store->path, PROVIDED_POINT, NULL);
}

QuiltStore *
quilt_store_open (const char *path, GError **error)
{
  g_autoptr (QuiltStore) store = g_new0 (QuiltStore, 1);
  int *room_fds[] = {&store->images_fd, &store->layers_fd, &store->containers_fd};

  g_atomic_ref_count_init (&store->references);
  store->path = g_canonicalize_filename (path, NULL);
  store->fd = store->lock_fd = -1;
  for (guint i = 0; i < G_N_ELEMENTS (room_fds); i++)
    *room_fds[i] = -1;

  if (g_mkdir_with_parents (store->path, 0700) == 0)
    store->fd = open (store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (store->fd < 0) {
    quilt_set_error_errno (error, errno, "Failed to open store '%s'", store->path);
    return NULL;
  }
  if (!check_access (store->fd, store->path, error) || !take_lock (store, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (room_fds); i++) {
    *room_fds[i] = quilt_dir_ensure (store->fd, rooms[i], error);
    if (*room_fds[i] < 0)
      return NULL;
  }
  if (!make_mount_points (store, error) || !make_provided_point (store, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (unfinished); i++)
    remove_unfinished (G_STRUCT_MEMBER (int, store, unfinished[i].room_offset),
                       unfinished[i].prefix, unfinished[i].suffix);
  return g_steal_pointer (&store);
}

QuiltStore *
quilt_store_ref (QuiltStore *store)
{
  g_atomic_ref_count_inc (&store->references);
  return store;
}

void
quilt_store_unref (QuiltStore *store)
{
  if (!store || !g_atomic_ref_count_dec (&store->references))
    return;
  quilt_fd_clear (&store->containers_fd);
  quilt_fd_clear (&store->layers_fd);
  quilt_fd_clear (&store->images_fd);
  quilt_fd_clear (&store->fd);
  quilt_fd_clear (&store->lock_fd);
  g_free (store->path);
  g_free (store);
}
