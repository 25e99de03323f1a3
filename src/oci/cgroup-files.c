/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of cgroup2: making directories with their controllers, and writing limits. */
#include "oci/cgroup-files.h"

#include "base/beneath.h"
#include "base/cgroupfs.h"
#include "base/error.h"
#include "base/fd.h"
#include "spec/oci/cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So often may others remove a parent of what is being made. */
#define ATTEMPTS 100

/* What a container may want to have limited; others, as perf_event, need no enabling. */
static const char *const controllers[] = {"cpuset", "cpu",     "io",   "memory",
                                          "pids",   "hugetlb", "rdma", "misc"};

int
quilt_oci_cgroup_open_root (GError **error)
{
  int fd = quilt_cgroupfs_open_root ();

  if (fd < 0)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to find a cgroup2 file system: quilt-oci needs cgroup v2. Boot with "
                 "'systemd.unified_cgroup_hierarchy=1', or mount it on /sys/fs/cgroup");
  return fd;
}

char *
quilt_oci_cgroup_read (int dir_fd, const char *name)
{
  g_autofd int fd = openat (dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  g_autoptr (GString) text = g_string_sized_new (4096);
  ssize_t n;

  if (fd < 0)
    return NULL;
  do {
    gsize length = text->len;

    g_string_set_size (text, length + 4096);
    n = read (fd, text->str + length, 4096);
    g_string_set_size (text, length + (n > 0 ? (gsize)n : 0));
  } while (n > 0);
  if (n < 0)
    return NULL;
  if (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* One write(2): the kernel takes a text whole, or not at all. */
static gboolean
write_file (int dir_fd, const char *name, const char *text)
{
  g_autofd int fd = openat (dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

  return fd >= 0 && write (fd, text, strlen (text)) >= 0;
}

static gboolean
has_word (const char *text, const char *word)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  return g_strv_contains ((const char *const *)words, word);
}

/* Lets the children of a cgroup have the controllers that it has itself; a new cgroup has enabled
 * none of them. What can't be enabled is no error here: a limit that needs it will say so. */
static void
enable_controllers (int dir_fd, gboolean is_new)
{
  g_autofree char *available = quilt_oci_cgroup_read (dir_fd, "cgroup.controllers");
  g_autofree char *enabled = NULL;
  g_autoptr (GString) wanted = g_string_new (NULL);

  if (!available || !*available)
    return;
  enabled = is_new ? NULL : quilt_oci_cgroup_read (dir_fd, "cgroup.subtree_control");
  for (guint i = 0; i < G_N_ELEMENTS (controllers); i++)
    if (has_word (available, controllers[i]) && !(enabled && has_word (enabled, controllers[i])))
      g_string_append_printf (wanted, "+%s ", controllers[i]);
  if (wanted->len == 0 || write_file (dir_fd, "cgroup.subtree_control", wanted->str))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (controllers); i++) {
    g_autofree char *one = g_strconcat ("+", controllers[i], NULL);

    if (strstr (wanted->str, one))
      write_file (dir_fd, "cgroup.subtree_control", one);
  }
}

static gboolean
is_not_ours (int errsv)
{
  return errsv == EACCES || errsv == EPERM || errsv == EROFS;
}

/* Makes one directory of path, in one that is new or not; -1 with errno. */
static int
make_part (int dir_fd, gboolean is_new, const char *part, gboolean *ret_made)
{
  enable_controllers (dir_fd, is_new);
  *ret_made = mkdirat (dir_fd, part, 0755) == 0;
  if (!*ret_made && errno != EEXIST)
    return -1;
  return openat (dir_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Removes the last n_made of the n_parts first directories of a path, of which the rest could not
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

/* One attempt at all parts; -1 with errno, and nothing made. */
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

/* The last container below a parent takes that along, perhaps after it was opened here: mkdirat()
 * is then ENOENT, or ENODEV. */
int
quilt_oci_cgroup_make (const char *path, gboolean *ret_missing, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (path + 1, "/", -1);
  g_autofd int root_fd = quilt_oci_cgroup_open_root (error);
  int fd = -1;

  if (root_fd < 0)
    return -1;
  for (guint i = 0; i < ATTEMPTS; i++) {
    fd = make_parts (root_fd, parts);
    if (fd >= 0 || (errno != ENOENT && errno != ENODEV))
      break;
  }
  if (fd < 0) {
    *ret_missing = is_not_ours (errno);
    quilt_set_error_errno (error, errno, "Failed to make cgroup '%s'", path);
  }
  return fd;
}

static gboolean
set_write_error (
    int dir_fd, const char *path, const QuiltCgroupWrite *write, int errsv, GError **error)
{
  g_autofree char *controller = g_strndup (write->file, strcspn (write->file, "."));
  g_autofree char *available = NULL;

  if (errsv != ENOENT)
    return quilt_set_error_errno (error, errsv, "Failed to set '%s' of cgroup '%s' to '%s'",
                                  write->file, path, write->value);
  available = quilt_oci_cgroup_read (dir_fd, "cgroup.controllers");
  if (available && has_word (available, controller))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to set '%s' of cgroup '%s': this kernel has no such limit", write->file,
                 path);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to set '%s' of cgroup '%s': the controller '%s' is not available there: "
                 "it has to be in 'cgroup.controllers' of this host and not used by cgroup v1",
                 write->file, path, controller);
  return FALSE;
}

gboolean
quilt_oci_cgroup_write (int dir_fd, const char *path, const GPtrArray *writes, GError **error)
{
  for (guint i = 0; i < writes->len; i++) {
    const QuiltCgroupWrite *write = writes->pdata[i];

    if (write_file (dir_fd, write->file, write->value))
      continue;
    if (errno == ENOENT && write->other_file &&
        write_file (dir_fd, write->other_file, write->other_value))
      continue;
    if (errno != ENOENT || !write->optional)
      return set_write_error (dir_fd, path, write, errno, error);
  }
  return TRUE;
}

static gint64
read_number (int dir_fd, const char *name)
{
  g_autofree char *text = quilt_oci_cgroup_read (dir_fd, name);

  return text ? g_ascii_strtoll (text, NULL, 10) : 0;
}

gboolean
quilt_oci_cgroup_check (int dir_fd, const QuiltOciResources *resources, GError **error)
{
  gint64 used = read_number (dir_fd, "memory.current");

  if (!resources->memory_check)
    return TRUE;
  if (resources->memory_limit > 0 && resources->memory_limit < used) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to limit memory to %" G_GINT64_FORMAT " bytes: %" G_GINT64_FORMAT
                 " are in use",
                 resources->memory_limit, used);
    return FALSE;
  }
  used += read_number (dir_fd, "memory.swap.current");
  if (resources->memory_swap > 0 && resources->memory_swap < used) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to limit memory and swap to %" G_GINT64_FORMAT " bytes: %" G_GINT64_FORMAT
                 " are in use",
                 resources->memory_swap, used);
    return FALSE;
  }
  return TRUE;
}
