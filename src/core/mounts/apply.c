/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes mounts in the cloned child. Works only on descriptors: paths that an image or a container
 * controls are always resolved inside the container's root. */
#include "core/mounts/apply.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/mounts/copy-up.h"
#include "core/mounts/devices.h"
#include "core/mounts/overlay.h"
#include "core/mounts/parts.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct {
  int root_fd;
  struct stat root;
  int null_fd;  /* the host's /dev/null */
  int empty_fd; /* an empty, read-only directory; -1 until the first directory is masked */
} Context;

static gboolean
below (const char *path, const char *directory)
{
  gsize length = strlen (directory);

  return strncmp (path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* No honest image has a link that leads /proc, /sys or /dev elsewhere. Such a link could divert the
 * masks below (CVE-2023-27561, CVE-2025-31133), so refuse links there. */
static int
open_target (int root_fd, const char *path, int flags)
{
  while (path[0] == '/' && path[1] == '/')
    path++;
  if (below (path, "/proc") || below (path, "/sys") || below (path, "/dev"))
    return quilt_open_beneath (root_fd, path + 1, flags | O_PATH, 0);
  return quilt_open_in_root (root_fd, path, flags | O_PATH, 0);
}

/* The limit for links in a path, the same as the kernel's. */
#define LINKS_MAX 40

/* A path component that is a symbolic link, found at bytes start to end of the path. */
typedef struct {
  gsize start, end;
  char target[PATH_MAX]; /* empty: no link was found */
} Link;

/* Makes the missing parts of path: directories, and as the last component a directory or an empty
 * file. Existing components are followed as the container would follow them, within root_fd.
 * Returns a descriptor of the last component, or -1 with errno set. If a link in the path is
 * dangling, errno is EEXIST and *ret_link is that link. */
static int
make_up_to_link (int root_fd, const char *path, gboolean directory, Link *ret_link)
{
  char prefix[PATH_MAX];
  g_autofd int parent_fd = fcntl (root_fd, F_DUPFD_CLOEXEC, 3);
  gsize start = 0, end = 0;

  for (;;) {
    g_autofd int fd = -1;
    gboolean last;
    ssize_t n;

    start = end + strspn (path + end, "/");
    end = start + strcspn (path + start, "/");
    last = path[end + strspn (path + end, "/")] == '\0';
    memcpy (prefix, path, end);
    prefix[end] = '\0';
    fd = open_target (root_fd, prefix, last ? 0 : O_DIRECTORY);
    if (fd < 0 && errno == ENOENT) {
      int r = last && !directory ? mknodat (parent_fd, prefix + start, S_IFREG | 0644, 0)
                                 : mkdirat (parent_fd, prefix + start, 0755);

      if (r < 0 && errno == EEXIST) {
        n = readlinkat (parent_fd, prefix + start, ret_link->target, sizeof ret_link->target - 1);
        ret_link->target[MAX (n, 0)] = '\0';
        ret_link->start = start;
        ret_link->end = end;
        errno = n > 0 ? EEXIST : ELOOP;
      }
      if (r == 0)
        fd = open_target (root_fd, prefix, last ? 0 : O_DIRECTORY);
    }
    if (fd < 0 || last)
      return g_steal_fd (&fd);
    quilt_fd_clear (&parent_fd);
    parent_fd = g_steal_fd (&fd);
  }
}

/* As make_up_to_link(), but also makes the target of a dangling link: images have links to files
 * that exist only at run time (/etc/resolv.conf, /var/run). We read each link, put its target into
 * the path, and walk that path from the root again. So nothing is made outside of the root. */
static int
make_target (int root_fd, const char *path, gboolean directory)
{
  char walked[PATH_MAX], next[PATH_MAX];

  if (g_strlcpy (walked, path, sizeof walked) >= sizeof walked)
    return errno = ENAMETOOLONG, -1;
  for (guint i = 0; i < LINKS_MAX; i++) {
    Link link = {.target = ""};
    int fd = make_up_to_link (root_fd, walked, directory, &link);
    int n;

    if (fd >= 0 || !*link.target)
      return fd;
    n = g_snprintf (next, sizeof next, "%.*s%s%s", *link.target == '/' ? 0 : (int)link.start,
                    walked, link.target, walked + link.end);
    if (n >= (int)sizeof next)
      return errno = ENAMETOOLONG, -1;
    memcpy (walked, next, (gsize)n + 1);
  }
  return errno = ELOOP, -1;
}

static int
bind_mount (const QuiltMountOp *op, int *ret_fd)
{
  g_autofd int fd =
      open_tree (AT_FDCWD, op->source,
                 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (op->recursive ? AT_RECURSIVE : 0));
  int r;

  if (fd < 0)
    return -errno;
  r = quilt_mount_set_attributes (fd, op);
  if (r < 0)
    return r;
  *ret_fd = g_steal_fd (&fd);
  return 0;
}

static int
legacy_root (const QuiltMountOp *op, const char *path, int *ret_fd)
{
  QuiltMountOp attributes = {.attr_set = op->attr_set, .attr_clear = op->attr_clear};
  g_autofd int fd = -1;
  int r;

  if (mount (op->source ? op->source : op->type, path, op->type, 0, op->legacy_data) < 0)
    return -errno;
  fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  r = quilt_mount_set_attributes (fd, &attributes);
  if (r < 0)
    return r;
  *ret_fd = g_steal_fd (&fd);
  return 0;
}

/* Makes the mount of op, without attaching it. */
static int
make_mount (const QuiltMountPlan *plan, const QuiltMountOp *op, char *detail, gsize size, int *ret)
{
  if (op->tree >= 0) {
    *ret = g_steal_fd (&plan->tree_fds[op->tree]);
    return 0;
  }
  return op->kind == QUILT_MOUNT_BIND ? bind_mount (op, ret)
                                      : quilt_mount_new (op, detail, size, ret);
}

int
quilt_mounts_apply_root (const QuiltMountPlan *plan,
                         const char *root_path,
                         int place_fd,
                         char *detail,
                         gsize size,
                         int *ret_root_fd)
{
  const QuiltMountOp *op = plan->root;
  g_autofd int fd = -1;
  int r;

  if (plan->overlay.layers)
    return quilt_overlay_apply (plan, place_fd, detail, size, ret_root_fd);
  if (op->legacy_data)
    return legacy_root (op, root_path, ret_root_fd);
  r = make_mount (plan, op, detail, size, &fd);
  if (r == 0)
    r = quilt_mount_attach (fd, place_fd);
  if (r == 0)
    *ret_root_fd = g_steal_fd (&fd);
  return r;
}

static int
mask_file (Context *context, int target_fd)
{
  g_autofd int fd = -1;
  struct stat st;

  if (context->null_fd < 0) {
    context->null_fd = open ("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (context->null_fd < 0 || fstat (context->null_fd, &st) < 0)
      return -errno;
    if (!S_ISCHR (st.st_mode) || st.st_rdev != makedev (1, 3))
      return -ENODEV;
  }
  fd = open_tree (context->null_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  return fd < 0 ? -errno : quilt_mount_attach (fd, target_fd);
}

/* All masked directories share one empty file system. It can be cloned only after it was
 * attached. */
static int
mask_directory (Context *context, int target_fd)
{
  const QuiltMountOp empty = {
      .type = "tmpfs",
      .settings = &(GArray){NULL, 0},
      .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  };
  g_autofd int fd = -1;
  int r;

  if (context->empty_fd < 0) {
    r = quilt_mount_new (&empty, NULL, 0, &context->empty_fd);
    return r < 0 ? r : quilt_mount_attach (context->empty_fd, target_fd);
  }
  fd = open_tree (context->empty_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  return fd < 0 ? -errno : quilt_mount_attach (fd, target_fd);
}

static int
make_readonly (int target_fd)
{
  const QuiltMountOp readonly = {
      .attr_set = MOUNT_ATTR_RDONLY, .below_set = MOUNT_ATTR_RDONLY, .recursive = TRUE};
  g_autofd int fd =
      open_tree (target_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
  int r;

  if (fd < 0)
    return -errno;
  r = quilt_mount_set_attributes (fd, &readonly);
  return r < 0 ? r : quilt_mount_attach (fd, target_fd);
}

/* Refuses a mount over the root itself: such a mount would hide files from us, not from the
 * container. */
static int
check_target (const Context *context, int target_fd, struct stat *ret_st)
{
  const struct stat *root = &context->root;

  if (fstat (target_fd, ret_st) < 0)
    return -errno;
  return ret_st->st_dev == root->st_dev && ret_st->st_ino == root->st_ino ? -EBUSY : 0;
}

/* Applies MASK and READONLY. A missing target needs no protection. */
static int
apply_protection (Context *context, const QuiltMountOp *op)
{
  g_autofd int target_fd = open_target (context->root_fd, op->target, 0);
  struct stat st;
  int r;

  if (target_fd < 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
  r = check_target (context, target_fd, &st);
  if (r < 0)
    return r;
  if (op->kind == QUILT_MOUNT_READONLY)
    return make_readonly (target_fd);
  return S_ISDIR (st.st_mode) ? mask_directory (context, target_fd)
                              : mask_file (context, target_fd);
}

static gboolean
has_setting (const QuiltMountOp *op, const char *key)
{
  for (guint i = 0; i < op->settings->len; i++)
    if (strcmp (g_array_index (op->settings, QuiltMountSetting, i).key, key) == 0)
      return TRUE;
  return FALSE;
}

/* op is NULL, or the mount whose target may have to be copied up first. */
static int
put (const Context *context, const char *target, const QuiltMountOp *op, int fd)
{
  g_autofd int target_fd = -1;
  gboolean is_directory;
  struct stat st;
  int r;

  if (fstat (fd, &st) < 0)
    return -errno;
  target_fd = open_target (context->root_fd, target, 0);
  if (target_fd < 0 && errno == ENOENT)
    target_fd = make_target (context->root_fd, target, S_ISDIR (st.st_mode));
  if (target_fd < 0)
    return -errno;
  is_directory = S_ISDIR (st.st_mode);
  r = check_target (context, target_fd, &st);
  if (r == 0 && is_directory != S_ISDIR (st.st_mode))
    r = is_directory ? -ENOTDIR : -EISDIR;
  if (r == 0 && op && op->copy_up)
    r = quilt_copy_up (target_fd, fd, has_setting (op, "mode"));
  return r < 0 ? r : quilt_mount_attach (fd, target_fd);
}

/* Where we could not make a device node, there is an empty file. Binds the host's node over it,
 * after checking that it is the same device. */
static int
bind_node (const QuiltDeviceNode *node, int place_fd)
{
  g_autofd int fd = open_tree (AT_FDCWD, node->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) < 0)
    return -errno;
  if ((st.st_mode & S_IFMT) != node->kind || (node->kind != S_IFIFO && st.st_rdev != node->rdev))
    return -EPERM;
  return quilt_mount_attach (fd, place_fd);
}

static int
bind_nodes (const Context *context, const QuiltMountOp *op)
{
  QuiltDeviceNode node;

  for (guint i = 0; quilt_devices_get (i, op->nodes, &node); i++) {
    g_autofd int place_fd = -1;
    struct stat st;
    int r;

    if (!quilt_devices_is_in_dev (node.path))
      continue;
    place_fd = open_target (context->root_fd, node.path, 0);
    if (place_fd < 0 || fstat (place_fd, &st) < 0)
      return -errno;
    r = S_ISREG (st.st_mode) ? bind_node (&node, place_fd) : 0;
    if (r < 0)
      return r;
  }
  return 0;
}

/* Makes the node and its missing directories. If path already exists, it must be the same device,
 * or a file, over which the host's node is bound. */
static int
put_node (const Context *context, QuiltDeviceNode *node)
{
  g_autofd int place_fd = open_target (context->root_fd, node->path, O_NOFOLLOW);
  struct stat st;

  if (place_fd < 0 && errno == ENOENT) {
    char *name = strrchr (node->path, '/') + 1;
    char first = *name;
    g_autofd int parent_fd = -1;
    int r;

    *name = '\0';
    parent_fd = make_target (context->root_fd, node->path, TRUE);
    *name = first;
    r = parent_fd < 0 ? -errno : quilt_device_make (parent_fd, name, node);
    if (r < 0)
      return r;
    place_fd = open_target (context->root_fd, node->path, O_NOFOLLOW);
  }
  if (place_fd < 0 || fstat (place_fd, &st) < 0)
    return -errno;
  if ((st.st_mode & S_IFMT) == node->kind && (node->kind == S_IFIFO || st.st_rdev == node->rdev))
    return 0;
  return S_ISREG (st.st_mode) ? bind_node (node, place_fd) : -EEXIST;
}

/* The configuration did not ask for the usual nodes. So leave them out if the root is not writable,
 * and keep another file that has the name of such a node. */
static gboolean
may_be_missed (int r)
{
  return r == -EROFS || r == -EEXIST || r == -ELOOP;
}

static int
apply_nodes (const Context *context, const QuiltMountOp *op, char *detail, gsize size)
{
  g_autofd int dev_fd = -1;
  QuiltDeviceNode node;
  int r = 0;

  for (guint i = 0; r == 0 && quilt_devices_get (i, op->nodes, &node); i++) {
    if (!op->devices && quilt_devices_is_in_dev (node.path))
      continue;
    r = put_node (context, &node);
    if (node.usual && may_be_missed (r))
      r = 0;
    if (r < 0)
      g_strlcpy (detail, node.path, size);
  }
  if (r < 0 || !op->devices)
    return r;
  dev_fd = open_target (context->root_fd, "/dev", O_DIRECTORY);
  r = dev_fd < 0 ? -errno : quilt_devices_link (dev_fd);
  return r == -EROFS || r == -ENOENT ? 0 : r;
}

static int
apply_mount (
    const QuiltMountPlan *plan, Context *context, const QuiltMountOp *op, char *detail, gsize size)
{
  g_autofd int fd = -1;
  int r;

  r = make_mount (plan, op, detail, size, &fd);
  if (r < 0)
    return r;
  r = put (context, op->target, op, fd);
  if (r == 0 && op->devices)
    r = bind_nodes (context, op);
  if (r == -ELOOP)
    g_strlcpy (detail, "the image has a link there", size);
  return r;
}

int
quilt_mounts_put (int root_fd, const char *target, int tree_fd)
{
  Context context = {.root_fd = root_fd};

  return fstat (root_fd, &context.root) < 0 ? -errno : put (&context, target, NULL, tree_fd);
}

int
quilt_mounts_make_directory (int root_fd, const char *path)
{
  g_autofd int fd = make_target (root_fd, path, TRUE);

  return fd < 0 ? -errno : 0;
}

int
quilt_mounts_apply (const QuiltMountPlan *plan,
                    int root_fd,
                    gboolean late,
                    char *detail,
                    gsize size,
                    const QuiltMountOp **ret_failed)
{
  Context context = {.root_fd = root_fd, .null_fd = -1, .empty_fd = -1};
  int r = fstat (root_fd, &context.root) < 0 ? -errno : 0;

  for (guint i = 0; i < plan->ops->len && r == 0; i++) {
    const QuiltMountOp *op = plan->ops->pdata[i];

    if (op->late != late)
      continue;
    if (op->kind == QUILT_MOUNT_MASK || op->kind == QUILT_MOUNT_READONLY)
      r = apply_protection (&context, op);
    else if (op->kind == QUILT_MOUNT_NODES)
      r = apply_nodes (&context, op, detail, size);
    else
      r = apply_mount (plan, &context, op, detail, size);
    if (r < 0)
      *ret_failed = op;
  }
  quilt_fd_clear (&context.null_fd);
  quilt_fd_clear (&context.empty_fd);
  return r;
}
