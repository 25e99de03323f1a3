/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a layer of the changes of a container. The container may run, and may be hostile: what is
 * found is opened without effect (O_PATH), looked at, and opened by that descriptor. Nobody else
 * writes to the layer. */
#include "transfer/commit.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "spec/names.h"
#include "tar/header.h"
#include "transfer/commit-file.h"
#include "transfer/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEPTH_MAX 256
/* Memory for the paths of files with several links. Beyond it they become files of their own. */
#define LINKS_BYTES_MAX (64 * 1024 * 1024)

/* A directory of the layer. */
typedef struct {
  int fd;
  struct timespec mtime;
} Target;

typedef struct {
  const QuiltCommit *of;
  QuiltCommitFile file;
  GArray *targets;   /* of Target, from the root on */
  GHashTable *links; /* "INODE" → path in the layer of a file with several links */
  gsize links_bytes;
  char *path; /* of the present entry, relative */
  guint64 n_seen;
  QuiltLayerInfo info;
  GError **error;
} Work;

static void
target_clear (gpointer data)
{
  quilt_fd_clear (&((Target *)data)->fd);
}

static gboolean
fail (const Work *work, int errsv)
{
  g_autofree char *quoted = quilt_text_quote (work->path);

  return quilt_set_error_errno (work->error, errsv, "Failed to copy '%s'", quoted);
}

static gboolean
refuse (const Work *work, QuiltError code, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (work->path);

  g_set_error (work->error, QUILT_ERROR, code, "Failed to copy '%s': %s", quoted, why);
  return FALSE;
}

static int
get_target (const Work *work)
{
  return g_array_index (work->targets, Target, work->targets->len - 1).fd;
}

static gboolean
check_limits (Work *work)
{
  const QuiltUnpackLimits *limits = work->of->limits;

  if (quilt_control_is_cancelled (work->of->control)) {
    g_set_error_literal (work->error, QUILT_ERROR, QUILT_ERROR_CANCELLED, "The copy was cancelled");
    return FALSE;
  }
  if (strlen (work->path) >= PATH_MAX || work->targets->len > DEPTH_MAX)
    return refuse (work, QUILT_ERROR_NOT_SUPPORTED,
                   "an image can't have names of more than 4095 bytes or 256 directories");
  if (++work->n_seen > limits->max_entries)
    return refuse (work, QUILT_ERROR_QUOTA_EXCEEDED, "a layer can't have that many files");
  return quilt_space_use (&work->file.space, 0, 1, work->error) &&
         quilt_commit_file_count (&work->file, QUILT_COMMIT_ENTRY_BYTES, work->error);
}

/* Counts the entry. */
static void
init_member (Work *work, QuiltTarType type, const struct stat *st, QuiltTarMember *member)
{
  work->info.entries++;
  *member = (QuiltTarMember){
      .type = type,
      .path = g_strconcat (work->path, type == QUILT_TAR_DIRECTORY ? "/" : "", NULL),
      .mode = st->st_mode & 07777,
      .uid = st->st_uid,
      .gid = st->st_gid,
      .mtime = st->st_mtim,
  };
}

static gboolean
set_meta_at (const Work *work, int dir_fd, const char *name, const struct stat *st)
{
  const struct timespec times[] = {st->st_mtim, st->st_mtim};

  return (fchownat (dir_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) == 0 &&
          utimensat (dir_fd, name, times, AT_SYMLINK_NOFOLLOW) == 0) ||
         fail (work, errno);
}

static gboolean
add_whiteout (Work *work, const char *name)
{
  g_auto (QuiltTarMember) member = {0};

  init_member (work, QUILT_TAR_CHAR, &(const struct stat){0}, &member);
  quilt_commit_file_add_header (&work->file, &member);
  return mknodat (get_target (work), name, S_IFCHR, makedev (0, 0)) == 0 || fail (work, errno);
}

/* Devices and sockets. If the image has an entry of that name, the container does not see it. */
static gboolean
leave_out (Work *work, const QuiltChange *change, QuiltLeftOutKind kind)
{
  quilt_left_out_add (&work->info.left_out, kind, work->path);
  return change->kind == 'A' || add_whiteout (work, change->name);
}

/* Becomes the target of what follows. */
static gboolean
add_directory (Work *work, const QuiltChange *change)
{
  g_auto (QuiltTarMember) member = {0};
  Target target = {.fd = -1};
  struct stat st;

  if (fstat (change->fd, &st) < 0)
    return fail (work, errno);
  init_member (work, QUILT_TAR_DIRECTORY, &st, &member);
  if (!quilt_commit_file_read_xattrs (change->fd, &member) ||
      mkdirat (get_target (work), change->name, 0700) < 0)
    return fail (work, errno);
  target.mtime = st.st_mtim;
  target.fd =
      openat (get_target (work), change->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target.fd < 0)
    return fail (work, errno);
  g_array_append_val (work->targets, target);
  quilt_commit_file_add_header (&work->file, &member);
  return quilt_commit_file_set_meta (target.fd, &member) || fail (work, errno);
}

/* Remembers the first name of a file. Sets *ret_first, or NULL if this is the first. */
static void
find_link (Work *work, const struct stat *st, const char **ret_first)
{
  g_autofree char *key = g_strdup_printf ("%llx", (unsigned long long)st->st_ino);

  *ret_first = g_hash_table_lookup (work->links, key);
  work->links_bytes += *ret_first ? 0 : strlen (key) + strlen (work->path);
  if (!*ret_first && work->links_bytes <= LINKS_BYTES_MAX)
    g_hash_table_insert (work->links, g_steal_pointer (&key), g_strdup (work->path));
}

static gboolean
add_file (Work *work, const QuiltChange *change, int path_fd, const struct stat *st)
{
  g_auto (QuiltTarMember) member = {0};
  const char *first = NULL;

  if (st->st_nlink > 1)
    find_link (work, st, &first);
  init_member (work, first ? QUILT_TAR_HARDLINK : QUILT_TAR_FILE, st, &member);
  if (first) {
    member.target = g_strdup (first);
    quilt_commit_file_add_header (&work->file, &member);
    return linkat (g_array_index (work->targets, Target, 0).fd, first, get_target (work),
                   change->name, 0) == 0 ||
           fail (work, errno);
  }
  member.size = st->st_size;
  if ((guint64)st->st_size > work->of->limits->max_bytes - work->info.size)
    return refuse (work, QUILT_ERROR_QUOTA_EXCEEDED, "the files are larger than a layer may be");
  work->info.size += (guint64)st->st_size;
  return quilt_commit_file_copy (&work->file, path_fd, get_target (work), change->name, &member,
                                 work->path, work->error);
}

static gboolean
add_symlink (Work *work, const QuiltChange *change, int path_fd, const struct stat *st)
{
  g_auto (QuiltTarMember) member = {0};
  char target[PATH_MAX];
  const ssize_t n = readlinkat (path_fd, "", target, sizeof target);

  if (n <= 0 || n == sizeof target)
    return fail (work, n < 0 ? errno : ENAMETOOLONG);
  init_member (work, QUILT_TAR_SYMLINK, st, &member);
  member.target = g_strndup (target, (gsize)n);
  quilt_commit_file_add_header (&work->file, &member);
  return (symlinkat (member.target, get_target (work), change->name) == 0 || fail (work, errno)) &&
         set_meta_at (work, get_target (work), change->name, st);
}

static gboolean
add_fifo (Work *work, const QuiltChange *change, const struct stat *st)
{
  g_auto (QuiltTarMember) member = {0};

  init_member (work, QUILT_TAR_FIFO, st, &member);
  quilt_commit_file_add_header (&work->file, &member);
  /* fchmodat() follows links, but nobody else writes here. */
  return ((mkfifoat (get_target (work), change->name, 0600) == 0 &&
           fchmodat (get_target (work), change->name, st->st_mode & 07777, 0) == 0) ||
          fail (work, errno)) &&
         set_meta_at (work, get_target (work), change->name, st);
}

/* The entry may have been replaced since the walk has seen it, so look again. */
static gboolean
add_entry (Work *work, const QuiltChange *change)
{
  g_autofd int fd = openat (change->parent_fd, change->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (fd < 0 && errno == ENOENT)
    return TRUE;
  if (fd < 0 || fstat (fd, &st) < 0)
    return fail (work, errno);
  switch (st.st_mode & S_IFMT) {
  case S_IFREG:
    return add_file (work, change, fd, &st);
  case S_IFLNK:
    return add_symlink (work, change, fd, &st);
  case S_IFIFO:
    return add_fifo (work, change, &st);
  case S_IFDIR:
    return refuse (work, QUILT_ERROR_BUSY, "the container is changing it; commit with --pause");
  case S_IFSOCK:
    return leave_out (work, change, QUILT_LEFT_OUT_SOCKET);
  default:
    return quilt_overlay_is_whiteout (&st)
               ? change->kind == 'A' || add_whiteout (work, change->name)
               : leave_out (work, change, QUILT_LEFT_OUT_DEVICE);
  }
}

static gboolean
on_change (const QuiltChange *change, gpointer data)
{
  Work *work = data;

  g_free (work->path);
  work->path = g_strndup (change->path + 1, change->path_length - 1);
  if (!check_limits (work))
    return FALSE;
  if (!change->st)
    return add_whiteout (work, change->name);
  return change->fd >= 0 ? add_directory (work, change) : add_entry (work, change);
}

/* The entries of the directory have changed its time. */
static gboolean
finish_directory (Work *work)
{
  const Target *target = &g_array_index (work->targets, Target, work->targets->len - 1);
  const struct timespec times[] = {target->mtime, target->mtime};
  const gboolean ok = futimens (target->fd, times) == 0 || fail (work, errno);

  g_array_set_size (work->targets, work->targets->len - 1);
  return ok;
}

static gboolean
on_leave (gpointer data)
{
  return finish_directory (data);
}

/* The root of a container is 0755 at first, whatever its image's root is. */
static gboolean
is_default (const struct stat *st)
{
  return (st->st_mode & 07777) == 0755 && st->st_uid == 0 && st->st_gid == 0;
}

/* Sets *ret_changed if the layer differs from the image. fs_fd is taken over. */
static gboolean
fill (Work *work, int fs_fd, gboolean *ret_changed)
{
  static const QuiltChangesVisitor visitor = {on_change, on_leave};
  g_auto (QuiltTarMember) member = {0};
  g_autofree char *failure = NULL;
  Target root = {.fd = fs_fd};
  struct stat st;

  g_array_append_val (work->targets, root);
  work->path = g_strdup (".");
  if (fstat (work->of->changes.upper_fd, &st) < 0)
    return fail (work, errno);
  g_array_index (work->targets, Target, 0).mtime = st.st_mtim;
  init_member (work, QUILT_TAR_DIRECTORY, &st, &member);
  work->info.entries = 0; /* not counting the root */
  quilt_commit_file_add_header (&work->file, &member);
  if (!quilt_commit_file_set_meta (fs_fd, &member))
    return fail (work, errno);
  if (!quilt_changes_walk (&work->of->changes, &visitor, work, &failure))
    return FALSE;
  if (failure) {
    g_set_error_literal (work->error, QUILT_ERROR, QUILT_ERROR_FAILED, failure);
    return FALSE;
  }
  *ret_changed = work->info.entries > 0 || !is_default (&st);
  return finish_directory (work);
}

static void
work_clear (Work *work)
{
  quilt_commit_file_clear (&work->file);
  g_array_unref (work->targets);
  g_hash_table_unref (work->links);
  g_free (work->path);
  quilt_layer_info_clear (&work->info);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

/* Users may see the digest, but not the salt. */
static void
add_salt (Work *work)
{
  if (!work->of->salted)
    return;
  work->info.salt = quilt_id_new ();
  quilt_hash_update (work->file.hash, work->info.salt, strlen (work->info.salt));
}

static gboolean
make_layer (
    const QuiltCommit *commit, int layer_fd, int fs_fd, QuiltTransferResult *result, GError **error)
{
  g_auto (Work) work = {.of = commit, .error = error};
  gboolean ok, changed = FALSE;

  work.targets = g_array_new (FALSE, FALSE, sizeof (Target));
  g_array_set_clear_func (work.targets, target_clear);
  work.links = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  work.file.max_stored = commit->limits->max_stored;
  ok = quilt_commit_file_init (&work.file, commit->proc_fd, layer_fd, commit->control, error);
  if (ok) {
    add_salt (&work);
    ok = fill (&work, fs_fd, &changed);
  }
  if (commit->on_read && !commit->on_read (commit->data, ok ? error : NULL))
    ok = FALSE;
  if (!ok || !changed)
    return ok;
  result->digest = quilt_commit_file_get_digest (&work.file);
  result->info = work.info;
  work.info = (QuiltLayerInfo){0};
  if (!quilt_layer_info_write (layer_fd, &result->info, error))
    return FALSE;
  return syncfs (layer_fd) == 0 || quilt_set_error_errno (error, errno, "Failed to sync the layer");
}

gboolean
quilt_commit_run (const QuiltCommit *commit,
                  int layers_fd,
                  const char *temporary,
                  QuiltTransferResult *ret_result,
                  GError **error)
{
  QuiltTransferResult result = {0};
  g_autofd int fd = -1;
  int fs_fd;

  if (!quilt_transfer_make_temporary (layers_fd, temporary, &fd, &fs_fd, error))
    return FALSE;
  if (!make_layer (commit, fd, fs_fd, &result, error)) {
    quilt_tree_remove (layers_fd, temporary, NULL);
    quilt_transfer_result_clear (&result);
    return FALSE;
  }
  if (!result.digest || quilt_transfer_find_layer (layers_fd, result.digest, &result.info))
    quilt_tree_remove (layers_fd, temporary, NULL);
  else
    result.temporary = g_strdup (temporary);
  *ret_result = result;
  return TRUE;
}
