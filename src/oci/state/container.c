/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's state on disk. */
#include "oci/state/container.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "oci/cgroup/processes.h"
#include "oci/state/gate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE "state.json"
#define CONFIG "config.json"
#define STATE_MAX (1 << 20)
#define CONFIG_MAX (4 << 20)
#define ID_MAX 255
#define LOCK_MSEC 10000
#define LOOK_MSEC 5
/* Version of the file. Newer versions are refused. */
#define VERSION 1

static QuiltOciContainer *
container_new (const char *id)
{
  QuiltOciContainer *container = g_new0 (QuiltOciContainer, 1);

  container->id = g_strdup (id);
  container->dir_fd = -1;
  container->cgroup = (QuiltOciCgroup)QUILT_OCI_CGROUP_INIT;
  return container;
}

void
quilt_oci_container_free (QuiltOciContainer *container)
{
  if (!container)
    return;
  g_free (container->id);
  g_free (container->bundle);
  g_free (container->rootfs);
  g_free (container->created);
  g_free (container->owner);
  quilt_oci_cgroup_clear (&container->cgroup);
  quilt_fd_clear (&container->dir_fd);
  g_free (container);
}

gboolean
quilt_oci_check_id (const char *id, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (id);
  gsize length = strlen (id);

  if (length > 0 && length <= ID_MAX &&
      strspn (id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_+-.") == length &&
      strcmp (id, ".") != 0 && strcmp (id, "..") != 0)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "invalid container id '%s': it has 1 to %d letters, digits, '_', '+', '-' and '.'",
               quoted, ID_MAX);
  return FALSE;
}

/* Another process holds the lock while it works, or while it waits for an engine's hook that hangs.
 * Give up after a time limit, since the caller may be that engine. */
static gboolean
lock (const QuiltOciContainer *container, GError **error)
{
  for (gint64 rest = LOCK_MSEC; flock (container->dir_fd, LOCK_EX | LOCK_NB) < 0;
       rest -= LOOK_MSEC) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return quilt_set_error_errno (error, errno, "Failed to lock container '%s'", container->id);
    if (rest <= 0) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                   "Failed to lock container '%s': another quilt-oci has held the lock for %d s; "
                   "does a hook hang?",
                   container->id, LOCK_MSEC / 1000);
      return FALSE;
    }
    poll (NULL, 0, LOOK_MSEC);
  }
  return TRUE;
}

QuiltOciContainer *
quilt_oci_container_new (QuiltOci *oci, const char *id, GError **error)
{
  g_autoptr (QuiltOciContainer) container = container_new (id);

  if (!quilt_oci_check_id (id, error))
    return NULL;
  if (mkdirat (oci->root_fd, id, 0700) < 0) {
    if (errno == EEXIST)
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS, "container with id '%s' already exists",
                   id);
    else
      quilt_set_error_errno (error, errno, "Failed to make '%s/%s'", oci->root, id);
    return NULL;
  }
  container->dir_fd = openat (oci->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (container->dir_fd < 0) {
    quilt_set_error_errno (error, errno, "Failed to open '%s/%s'", oci->root, id);
    return NULL;
  }
  return lock (container, error) ? g_steal_pointer (&container) : NULL;
}

#define MEMBER(name) .offset = G_STRUCT_OFFSET (QuiltOciContainer, name)

static gboolean
read_version (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (json_object_get_int64 (value) == VERSION)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Failed to read '%s': it was written by another version of quilt-oci", path);
  return FALSE;
}

static gboolean
read_pid (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  *(pid_t *)member = (pid_t)CLAMP (json_object_get_int64 (value), 0, G_MAXINT32);
  return TRUE;
}

static const QuiltField state_fields[] = {
    {"version", QUILT_FIELD_INT, read_version},
    {"bundle", QUILT_FIELD_STRING, quilt_field_string, MEMBER (bundle)},
    {"rootfs", QUILT_FIELD_STRING, quilt_field_string, MEMBER (rootfs)},
    {"created", QUILT_FIELD_STRING, quilt_field_string, MEMBER (created)},
    {"owner", QUILT_FIELD_STRING, quilt_field_string, MEMBER (owner)},
    {"pid", QUILT_FIELD_INT, read_pid, MEMBER (pid)},
    {"startTime", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (start_time)},
    {"systemdCgroup", QUILT_FIELD_BOOL, quilt_field_bool, MEMBER (systemd_cgroup)},
    {"cgroupSystemd", QUILT_FIELD_BOOL, quilt_field_bool, MEMBER (cgroup.systemd)},
    {"cgroupRootless", QUILT_FIELD_BOOL, quilt_field_bool, MEMBER (cgroup.rootless)},
    {"cgroupPath", QUILT_FIELD_STRING, quilt_field_string, MEMBER (cgroup.path)},
    {"cgroupInode", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (cgroup.inode)},
    {"cgroupSlice", QUILT_FIELD_STRING, quilt_field_string, MEMBER (cgroup.slice)},
    {"cgroupUnit", QUILT_FIELD_STRING, quilt_field_string, MEMBER (cgroup.unit)},
    {NULL},
};

/* The file may be missing: a killed create leaves none. */
static gboolean
read_state (QuiltOciContainer *container, GError **error)
{
  g_autoptr (GError) missing = NULL;
  g_autoptr (GBytes) bytes = quilt_file_read (container->dir_fd, STATE, STATE_MAX, &missing);
  g_autoptr (json_object) object = NULL;
  gconstpointer data;
  gsize size;

  if (!bytes && g_error_matches (missing, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    return TRUE;
  if (!bytes) {
    g_propagate_error (error, g_steal_pointer (&missing));
    return FALSE;
  }
  data = g_bytes_get_data (bytes, &size);
  object = quilt_json_parse (data, size, STATE_MAX, error);
  if (object && quilt_json_read (state_fields, object, "", container, error))
    return TRUE;
  g_prefix_error (error, "Failed to read the state of container '%s': ", container->id);
  return FALSE;
}

static void
set_not_found (GError **error, const char *id)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "container '%s' does not exist", id);
}

/* The process that held the lock may have removed the container. */
static gboolean
is_gone (const QuiltOciContainer *container)
{
  struct stat st;

  return fstat (container->dir_fd, &st) == 0 && st.st_nlink == 0;
}

void
quilt_oci_container_unlock (const QuiltOciContainer *container)
{
  flock (container->dir_fd, LOCK_UN);
}

gboolean
quilt_oci_container_lock_again (const QuiltOciContainer *container)
{
  return lock (container, NULL) && !is_gone (container);
}

QuiltOciContainer *
quilt_oci_container_open (QuiltOci *oci, const char *id, gboolean locked, GError **error)
{
  g_autoptr (QuiltOciContainer) container = container_new (id);

  if (!quilt_oci_check_id (id, error))
    return NULL;
  container->dir_fd = openat (oci->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (container->dir_fd < 0) {
    if (errno == ENOENT)
      set_not_found (error, id);
    else
      quilt_set_error_errno (error, errno, "Failed to open '%s/%s'", oci->root, id);
    return NULL;
  }
  if (locked && !lock (container, error))
    return NULL;
  if (is_gone (container)) {
    set_not_found (error, id);
    return NULL;
  }
  return read_state (container, error) ? g_steal_pointer (&container) : NULL;
}

static void
add_string (json_object *object, const char *key, const char *value)
{
  if (value)
    json_object_object_add (object, key, json_object_new_string (value));
}

gboolean
quilt_oci_container_save (const QuiltOciContainer *container, GError **error)
{
  g_autoptr (json_object) object = json_object_new_object ();
  g_autofree char *text = NULL;

  json_object_object_add (object, "version", json_object_new_int (VERSION));
  add_string (object, "bundle", container->bundle);
  add_string (object, "rootfs", container->rootfs);
  add_string (object, "created", container->created);
  add_string (object, "owner", container->owner);
  json_object_object_add (object, "pid", json_object_new_int (container->pid));
  json_object_object_add (object, "startTime",
                          json_object_new_int64 ((gint64)container->start_time));
  json_object_object_add (object, "systemdCgroup",
                          json_object_new_boolean (container->systemd_cgroup));
  json_object_object_add (object, "cgroupSystemd",
                          json_object_new_boolean (container->cgroup.systemd));
  json_object_object_add (object, "cgroupRootless",
                          json_object_new_boolean (container->cgroup.rootless));
  add_string (object, "cgroupPath", container->cgroup.path);
  if (container->cgroup.inode)
    json_object_object_add (object, "cgroupInode",
                            json_object_new_uint64 (container->cgroup.inode));
  add_string (object, "cgroupSlice", container->cgroup.slice);
  add_string (object, "cgroupUnit", container->cgroup.unit);
  text = quilt_json_print (object, FALSE);
  return quilt_file_replace (container->dir_fd, STATE, text, strlen (text), QUILT_FILE_VOLATILE,
                             error);
}

gboolean
quilt_oci_container_save_config (const QuiltOciContainer *container,
                                 gconstpointer data,
                                 gsize size,
                                 GError **error)
{
  return quilt_file_replace (container->dir_fd, CONFIG, data, size, QUILT_FILE_VOLATILE, error);
}

QuiltSpec *
quilt_oci_container_read_spec (const QuiltOciContainer *container, GError **error)
{
  g_autoptr (GBytes) bytes = quilt_file_read (container->dir_fd, CONFIG, CONFIG_MAX, error);
  g_autofree char *unknown = NULL; /* create has already warned about it */
  gconstpointer data;
  gsize size;

  if (!bytes)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  return quilt_spec_parse_lenient (data, size, &unknown, error);
}

gboolean
quilt_oci_read_start_time (pid_t pid, guint64 *ret_ticks, char *ret_state)
{
  g_autofd int fd = -1;
  char path[32], text[1024];
  const char *at;
  ssize_t n;

  g_snprintf (path, sizeof path, "/proc/%d/stat", (int)pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  n = fd < 0 ? -1 : read (fd, text, sizeof text - 1);
  if (n <= 0)
    return FALSE;
  text[n] = '\0';
  at = strrchr (text, ')'); /* the name may contain anything, but no later field contains ')' */
  if (!at || at[1] != ' ')
    return FALSE;
  *ret_state = at[2];
  /* Field 3 is the state, field 22 the start time. */
  for (guint field = 2; at && field < 22; field++)
    at = strchr (at + 1, ' ');
  if (!at)
    return FALSE;
  *ret_ticks = g_ascii_strtoull (at + 1, NULL, 10);
  return TRUE;
}

int
quilt_oci_container_open_pid (const QuiltOciContainer *container)
{
  g_autofd int fd = container->pid > 0 ? pidfd_open (container->pid, 0) : -1;
  guint64 ticks;
  char state;

  /* The pid may have been reused, so compare the start time. Open the pidfd first, so that it
   * belongs to the process that is compared. */
  if (fd < 0 || !quilt_oci_read_start_time (container->pid, &ticks, &state) ||
      ticks != container->start_time || state == 'Z' || state == 'X')
    return -1;
  return g_steal_fd (&fd);
}

QuiltOciStatus
quilt_oci_container_get_status (const QuiltOciContainer *container)
{
  g_autofd int pid_fd = quilt_oci_container_open_pid (container);
  QuiltOciCgroup cgroup = container->cgroup;
  gboolean frozen;

  /* Report "creating" even while the init exists, since it may not have left the host's root
   * yet. */
  if (!container->created)
    return QUILT_OCI_CREATING;
  if (pid_fd < 0)
    return QUILT_OCI_STOPPED;
  frozen = quilt_oci_cgroup_is_frozen (&cgroup);
  if (container->cgroup.dir_fd < 0)
    quilt_fd_clear (&cgroup.dir_fd);
  if (frozen) /* also while it waits for its start: it can't be started before it is resumed */
    return QUILT_OCI_PAUSED;
  return quilt_oci_gate_is_watched (container->dir_fd) ? QUILT_OCI_CREATED : QUILT_OCI_RUNNING;
}

const char *
quilt_oci_status_to_name (QuiltOciStatus status)
{
  static const char *const names[] = {
      [QUILT_OCI_CREATING] = "creating", [QUILT_OCI_CREATED] = "created",
      [QUILT_OCI_RUNNING] = "running",   [QUILT_OCI_PAUSED] = "paused",
      [QUILT_OCI_STOPPED] = "stopped",
  };

  return names[status];
}

char *
quilt_oci_container_print_state (const QuiltOciContainer *container,
                                 const QuiltSpec *spec,
                                 QuiltOciStatus status)
{
  g_autoptr (json_object) object = json_object_new_object ();
  pid_t pid = status == QUILT_OCI_STOPPED ? 0 : container->pid;

  add_string (object, "ociVersion", spec ? spec->oci_version : "1.0.2");
  add_string (object, "id", container->id);
  add_string (object, "status", quilt_oci_status_to_name (status));
  json_object_object_add (object, "pid", json_object_new_int (pid));
  add_string (object, "bundle", container->bundle ? container->bundle : "");
  add_string (object, "rootfs", container->rootfs);
  add_string (object, "created", container->created);
  add_string (object, "owner", container->owner);
  if (spec && g_hash_table_size (spec->annotations) > 0) {
    json_object *annotations = json_object_new_object ();
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init (&iter, spec->annotations);
    while (g_hash_table_iter_next (&iter, &key, &value))
      add_string (annotations, key, value);
    json_object_object_add (object, "annotations", annotations);
  }
  return quilt_json_print (object, TRUE);
}

gboolean
quilt_oci_container_remove (QuiltOci *oci, const QuiltOciContainer *container, GError **error)
{
  return quilt_tree_remove (oci->root_fd, container->id, error);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

char **
quilt_oci_container_list (QuiltOci *oci, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  int fd = openat (oci->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd < 0 ? NULL : fdopendir (fd);
  const struct dirent *entry;

  if (!dir) {
    quilt_set_error_errno (error, errno, "Failed to list '%s'", oci->root);
    quilt_fd_clear (&fd);
    return NULL;
  }
  while ((entry = readdir (dir)))
    if (entry->d_type == DT_DIR && quilt_oci_check_id (entry->d_name, NULL))
      g_ptr_array_add (ids, g_strdup (entry->d_name));
  closedir (dir);
  g_ptr_array_sort (ids, compare);
  g_ptr_array_add (ids, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&ids), FALSE);
}
