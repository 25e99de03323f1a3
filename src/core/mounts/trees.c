/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts of a container that the supervisor has to make for the init. */
#include "core/mounts/trees.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/mounts/devices.h"
#include "core/mounts/idmap.h"
#include "core/mounts/overlay.h"
#include "core/mounts/parts.h"
#include "core/mounts/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int
add_tree (QuiltMountPlan *plan, const char *path, const QuiltMountOp *op, gboolean idmap)
{
  const QuiltMountTree tree = {path, op, idmap};

  g_array_append_val (plan->trees, tree);
  return (int)plan->trees->len - 1;
}

/* These file systems show a namespace. Only root of that namespace may mount them. */
static const struct {
  const char *type;
  QuiltNamespaces shown;
  int clone_flag;
  const char *path; /* path of the supervisor's own namespace */
} mirrors[] = {
    {"proc", QUILT_NS_PID, CLONE_NEWPID, NULL}, /* not entered: procfs.c makes the mount */
    {"sysfs", QUILT_NS_NETWORK, CLONE_NEWNET, "/proc/self/ns/net"},
    {"mqueue", QUILT_NS_IPC, CLONE_NEWIPC, "/proc/self/ns/ipc"},
    {"cgroup2", QUILT_NS_CGROUP, CLONE_NEWCGROUP, "/proc/self/ns/cgroup"},
};

/* If the init joins a pid namespace, it stays outside of it and can't mount that namespace's
 * procfs. */
static gboolean
shows_joined_pids (const QuiltSpec *spec, const QuiltMountOp *op)
{
  return op->kind == QUILT_MOUNT_NEW && strcmp (op->type, "proc") == 0 &&
         quilt_spec_joins (spec, QUILT_NS_PID);
}

/* Whether the mount shows a namespace of the host or of another container. A new user namespace
 * only has power over namespaces made in it. */
static gboolean
shows_anothers (const QuiltSpec *spec, const QuiltMountOp *op)
{
  if (shows_joined_pids (spec, op))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (mirrors) && op->kind == QUILT_MOUNT_NEW; i++)
    if (strcmp (mirrors[i].type, op->type) == 0)
      return !(spec->namespaces & mirrors[i].shown) &&
             ((spec->namespaces & QUILT_NS_USER) ||
              !quilt_spec_leaves_host (spec, mirrors[i].shown));
  return FALSE;
}

/* If a mount has its own id maps or receives the host's later mounts, it must be cloned in the
 * host's mount namespace. Only the supervisor may be able to read the files to copy. */
static gboolean
is_outside (const QuiltMountOp *op)
{
  return op->uid_map || op->copy || (op->propagation & (MS_SLAVE | MS_SHARED));
}

static void
plan_op (QuiltMountPlan *plan, const QuiltSpec *spec, QuiltMountOp *op)
{
  gboolean mapped = quilt_spec_leaves_host (spec, QUILT_NS_USER);

  if (op->kind == QUILT_MOUNT_NODES ||
      (!mapped && (op->kind != QUILT_MOUNT_BIND || !is_outside (op)) &&
       !shows_joined_pids (spec, op)))
    return;
  if (op->kind == QUILT_MOUNT_BIND)
    op->tree = add_tree (plan, op->source, op, op->idmap);
  else if (op->devices || shows_anothers (spec, op))
    op->tree = add_tree (plan, NULL, op, FALSE);
}

gboolean
quilt_trees_plan (QuiltMountPlan *plan, const QuiltSpec *spec, GError **error)
{
  QuiltMountOverlay *overlay = &plan->overlay;

  if (quilt_spec_leaves_host (spec, QUILT_NS_USER) && plan->root->kind == QUILT_MOUNT_NEW &&
      strcmp (plan->root->type, "overlay") == 0) {
    if (!quilt_overlay_plan (plan, error))
      return FALSE;
    for (char **layer = overlay->layers; *layer; layer++)
      add_tree (plan, *layer, NULL, plan->root->idmap);
    if (overlay->dir)
      add_tree (plan, overlay->dir, NULL, plan->root->idmap);
  }
  plan_op (plan, spec, plan->root);
  for (guint i = 0; i < plan->ops->len; i++)
    plan_op (plan, spec, plan->ops->pdata[i]);
  plan->tree_fds = g_new (int, plan->trees->len + 1);
  for (guint i = 0; i < plan->trees->len; i++)
    plan->tree_fds[i] = -1;
  return TRUE;
}

/* The file system type of path, from /proc/self/mountinfo; see proc(5). */
static char *
find_file_system (const char *path)
{
  g_autofree char *text = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) lines = NULL;
  struct statx st;

  if (statx (AT_FDCWD, path, 0, STATX_MNT_ID, &st) < 0 ||
      !g_file_get_contents ("/proc/self/mountinfo", &text, NULL, NULL))
    return NULL;
  id = g_strdup_printf ("%llu ", (unsigned long long)st.stx_mnt_id);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++) {
    const char *type = strstr (*line, " - ");

    if (type && g_str_has_prefix (*line, id))
      return g_strndup (type + 3, strcspn (type + 3, " "));
  }
  return NULL;
}

static gboolean
refuse_idmap (const QuiltMountTree *tree, gboolean below, int errsv, GError **error)
{
  gboolean is_bind = tree->op && tree->op->kind == QUILT_MOUNT_BIND;
  g_autofree char *type = NULL;

  if (errsv != EINVAL && errsv != EOPNOTSUPP)
    return quilt_set_error_errno (error, errsv, "Failed to map the ids of '%s'", tree->path);
  type = find_file_system (tree->path);
  g_set_error (
      error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
      "Failed to map the ids of '%s': its file system, %s,%s does not support that. Create the "
      "container with --userns=host, %smove this directory to a file system that can "
      "(ext4, xfs, btrfs)",
      tree->path, type ? type : "of unknown type", below ? " or one that is mounted below it," : "",
      is_bind ? "or this volume with noidmap (its files then belong to nobody), or " : "or ");
  return FALSE;
}

static gboolean
map_ids (int fd, const QuiltMountTree *tree, int user_fd, GError **error)
{
  gboolean below = tree->op && tree->op->idmap_below && tree->op->recursive;
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (guint64)user_fd};
  g_autofd int own_fd = -1;

  if (tree->op && tree->op->uid_map) {
    own_fd = quilt_idmap_open (tree->op->uid_map, tree->op->gid_map, error);
    if (own_fd < 0)
      return FALSE;
    attr.userns_fd = (guint64)own_fd;
  }
  return mount_setattr (fd, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), &attr, sizeof attr) ==
             0 ||
         refuse_idmap (tree, below, errno, error);
}

static int
open_directory (const QuiltMountTree *tree, int user_fd, GError **error)
{
  const QuiltMountOp plain = {.kind = QUILT_MOUNT_BIND};
  const QuiltMountOp *op = tree->op ? tree->op : &plain;
  g_autofd int fd =
      open_tree (AT_FDCWD, tree->path,
                 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (op->recursive ? AT_RECURSIVE : 0));
  int r;

  if (fd < 0 && tree->op) {
    quilt_set_error_errno (error, errno, "Failed to mount %s on '%s'", tree->path, op->target);
    return -1;
  }
  if (fd < 0) {
    quilt_set_error_errno (error, errno, "Failed to open '%s'", tree->path);
    return -1;
  }
  r = quilt_mount_set_attributes (fd, op);
  if (r < 0) {
    quilt_set_error_errno (error, -r, "Failed to set the options of '%s'", tree->path);
    return -1;
  }
  return tree->idmap && !map_ids (fd, tree, user_fd, error) ? -1 : g_steal_fd (&fd);
}

/* Opens a file that the init copies; see core/mounts/copies.h. */
static int
open_file (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open '%s'", path);
  return fd;
}

/* As quilt_mount_new(). If the mount shows a namespace that the container joins, enters that
 * namespace for this call, and returns to our own. */
static int
make_mirror (const QuiltMountOp *op, const QuiltJoins *joins, char *detail, gsize size, int *ret_fd)
{
  g_autofd int own_fd = -1;
  guint mirror = 0, i = 0;
  int r;

  while (mirror < G_N_ELEMENTS (mirrors) && strcmp (op->type, mirrors[mirror].type) != 0)
    mirror++;
  while (mirror < G_N_ELEMENTS (mirrors) && i < joins->n &&
         joins->types[i] != mirrors[mirror].clone_flag)
    i++;
  if (mirror == G_N_ELEMENTS (mirrors) || i == joins->n)
    return quilt_mount_new (op, detail, size, ret_fd);
  if (mirrors[mirror].shown == QUILT_NS_PID)
    return quilt_procfs_new (op, joins->fds[i], detail, size, ret_fd);
  own_fd = open (mirrors[mirror].path, O_RDONLY | O_CLOEXEC);
  if (own_fd < 0 || setns (joins->fds[i], joins->types[i]) < 0)
    return -errno;
  r = quilt_mount_new (op, detail, size, ret_fd);
  return setns (own_fd, joins->types[i]) < 0 ? -errno : r;
}

/* Device nodes work only in a file system that the host's root has created. */
static int
make_mount (const QuiltMountOp *op, const QuiltSpec *spec, const QuiltJoins *joins, GError **error)
{
  g_autofd int fd = -1;
  char detail[256] = "";
  mode_t mask = umask (0);
  int r = make_mirror (op, joins, detail, sizeof detail, &fd);

  umask (mask);
  if (r == 0 && op->devices)
    r = quilt_devices_give (fd, op->nodes, spec->uid_map, spec->gid_map);
  if (r < 0) {
    quilt_set_error_errno (error, -r, "Failed to make %s for '%s'%s%s", op->type, op->target,
                           *detail ? ", " : "", detail);
    return -1;
  }
  return g_steal_fd (&fd);
}

static int
make_tree (const QuiltMountTree *tree,
           int user_fd,
           const QuiltSpec *spec,
           const QuiltJoins *joins,
           GError **error)
{
  if (!tree->path)
    return make_mount (tree->op, spec, joins, error);
  if (tree->op && tree->op->copy)
    return open_file (tree->path, error);
  return open_directory (tree, user_fd, error);
}

static gboolean
send_all (int channel, const int *fds, guint n, GError **error)
{
  guint done = 0;

  /* Send a message even without trees: it tells the init that the ids are mapped. */
  do {
    guint some = MIN (n - done, QUILT_FDS_MAX);

    if (!quilt_fds_send (channel, "", 1, fds + done, some))
      return quilt_set_error_errno (error, errno, "Failed to hand the container its directories");
    done += some;
  } while (done < n);
  return TRUE;
}

gboolean
quilt_trees_send (const QuiltMountPlan *plan,
                  int user_fd,
                  const QuiltSpec *spec,
                  const QuiltJoins *joins,
                  int channel,
                  GError **error)
{
  g_autofree int *fds = g_new (int, plan->trees->len + 1);
  gboolean ok = TRUE;
  guint n = 0;

  while (ok && n < plan->trees->len) {
    const QuiltMountTree *tree = &g_array_index (plan->trees, QuiltMountTree, n);

    fds[n] = make_tree (tree, user_fd, spec, joins, error);
    ok = fds[n] >= 0;
    n += ok ? 1 : 0;
  }
  ok = ok && send_all (channel, fds, n, error);
  for (guint i = 0; i < n; i++)
    close (fds[i]);
  return ok;
}

int
quilt_trees_receive (const QuiltMountPlan *plan, int channel)
{
  guint n = plan->trees->len, done = 0;

  do {
    guint some;
    char byte;
    gssize r = quilt_fds_receive (channel, 0, &byte, 1, plan->tree_fds + done, n - done, &some);

    if (r <= 0)
      return r < 0 ? -errno : -ECONNRESET;
    if (some == 0 && n > 0)
      return -EBADMSG;
    done += some;
  } while (done < n);
  return 0;
}
