/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's root file system: the init builds it and enters it. */
#include "core/init/root.h"

#include "base/fd.h"
#include "core/identity/credentials.h"
#include "core/identity/user-namespace.h"
#include "core/mounts/apply.h"
#include "core/mounts/copies.h"
#include "core/mounts/trees.h"
#include "core/namespaces/join.h"
#include "core/namespaces/sysctl.h"
#include "spec/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean
is_mapped (const QuiltInit *init)
{
  return quilt_spec_leaves_host (init->spec, QUILT_NS_USER);
}

/* Whether the root is built in an existing mount namespace. */
static gboolean
joins_mounts (const QuiltInit *init)
{
  return quilt_spec_joins (init->spec, QUILT_NS_MOUNT);
}

/* Runs while only the host's tree is mounted, so that no mount of the container can divert the
 * write. */
static void
set_sysctls (const QuiltInit *init, gboolean is_last, guint64 *done)
{
  const char *key;
  int r = quilt_sysctls_apply (init->spec, is_last, done, &key);
  char quoted[QUILT_SYSCTL_MAX + 2];

  if (r >= 0)
    return;
  g_snprintf (quoted, sizeof quoted, "'%s'", key ? key : "");
  quilt_init_fail (init, QUILT_STAGE_SYSCTL, -r, key ? quoted : "settings",
                   r == -ENOENT ? "this kernel has no such setting for a container" : "");
}

static void
fail_mount (const QuiltInit *init, const QuiltMountOp *op, int error, const char *detail)
{
  static const QuiltStage stages[] = {
      [QUILT_MOUNT_NEW] = QUILT_STAGE_MOUNT,   [QUILT_MOUNT_BIND] = QUILT_STAGE_MOUNT,
      [QUILT_MOUNT_MASK] = QUILT_STAGE_MASK,   [QUILT_MOUNT_READONLY] = QUILT_STAGE_READONLY,
      [QUILT_MOUNT_NODES] = QUILT_STAGE_MOUNT,
  };
  char object[512];

  if (op->kind == QUILT_MOUNT_NODES)
    g_strlcpy (object, "device nodes", sizeof object);
  else if (op->kind == QUILT_MOUNT_NEW || op->kind == QUILT_MOUNT_BIND)
    g_snprintf (object, sizeof object, "%s on '%s'",
                op->kind == QUILT_MOUNT_NEW ? op->type : op->source, op->target);
  else
    g_snprintf (object, sizeof object, "'%s'", op->target);
  quilt_init_fail (init, stages[op->kind], error, object, detail);
}

static void
apply_mounts (const QuiltInit *init, int root_fd, gboolean late)
{
  const QuiltMountOp *failed = NULL;
  char detail[256] = "";
  int r;

  r = quilt_mounts_apply (init->mounts, root_fd, late, detail, sizeof detail, &failed);
  if (r < 0)
    fail_mount (init, failed, -r, detail);
}

/* All mounts are made, and the host's tree still exists. First the caller runs its hooks, then the
 * init runs the createContainer hooks. */
static void
run_hooks_before_pivot (const QuiltInit *init)
{
  const QuiltSpec *spec = init->spec;

  if (spec->prestart->len + spec->create_runtime->len + spec->create_container->len == 0)
    return;
  quilt_init_report (init, QUILT_REPORT_MOUNTED);
  quilt_init_wait (init);
  /* The hooks would be children in the joined pid namespace, where other processes could control
   * them. The caller runs them instead. */
  if (quilt_joins_await_birth (init->joins))
    return;
  quilt_init_run_hooks (init, spec->create_container, init->setup->creating_state, NULL,
                        QUILT_STAGE_CREATE_CONTAINER);
}

/* From here on, no path leads into the host's tree. The new root is stacked on the old one, which
 * is then unmounted: pivot_root(2). */
static void
enter_root (const QuiltInit *init, int root_fd)
{
  int r = fchdir (root_fd);

  if (r == 0 && joins_mounts (init)) /* other processes in the namespace keep their root */
    r = chroot (".");
  else if (r == 0 && init->setup->no_pivot)
    r = mount (".", "/", NULL, MS_MOVE, NULL) < 0 ? -1 : chroot (".");
  else if (r == 0)
    r = syscall (SYS_pivot_root, ".", ".") < 0 ? -1 : umount2 (".", MNT_DETACH);
  if (r < 0 || chdir ("/") < 0)
    quilt_init_fail (init, QUILT_STAGE_PIVOT, errno, "", "");
}

/* Must come before the user is looked up and the terminal is made: another process of a container
 * finds them in its new root. root_fd is the root of a new container; -1: the process joins one. */
static void
provide (const QuiltInit *init, int root_fd)
{
  QuiltProvided files = init->setup->provided;
  const char *why = "";
  int r;

  if (files.busybox < 0 && files.certificates < 0)
    return;
  r = root_fd >= 0 ? quilt_provided_fill (&files, root_fd, &why)
                   : quilt_provided_enter (&files, &why);
  quilt_fd_clear (&files.busybox);
  quilt_fd_clear (&files.certificates);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_PROVIDE, -r, "'/.quilt'", why);
}

static void
receive_trees (const QuiltInit *init)
{
  int r = quilt_trees_receive (init->mounts, init->channel);

  if (r == -ECONNRESET)
    _exit (255);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_PREPARE, -r, "", "");
}

/* Until here, files see the init as the host's root, but without capabilities. From here on the
 * init is the container's root, with all capabilities in its own namespaces only. Descriptors
 * opened before stay open. */
static void
become_root (const QuiltInit *init)
{
  int r = quilt_user_namespace_become_root (quilt_credentials_keep_groups (init->spec));
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_USER_NAMESPACE, -r, "", "");
  quilt_init_die_with_parent (); /* the change of ids has reset both settings */
}

/* Private, not slave: our mounts must not appear in the host's namespace, and its later mounts must
 * not appear in ours. */
static void
leave_host_mounts (const QuiltInit *init)
{
  struct mount_attr private = {.propagation = MS_PRIVATE};

  if (mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private) < 0)
    quilt_init_fail (init, QUILT_STAGE_PRIVATE, errno, "", "");
}

/* Finds the mount's line in mountinfo (proc(5)). Returns 1, 0 or -errno. */
static int
is_shared (int mountinfo_fd, guint64 mount)
{
  char text[3 * PATH_MAX], id[24];
  gsize length = 0;
  ssize_t n;

  g_snprintf (id, sizeof id, "%" G_GUINT64_FORMAT " ", mount);
  while ((n = read (mountinfo_fd, text + length, sizeof text - 1 - length)) > 0) {
    char *line = text, *end;

    length += (gsize)n;
    text[length] = '\0';
    for (; (end = strchr (line, '\n')); line = end + 1) {
      *end = '\0';
      if (strncmp (line, id, strlen (id)) == 0)
        return strstr (line, " shared:") != NULL;
    }
    length -= (gsize)(line - text);
    memmove (text, line, length);
  }
  return n < 0 ? -errno : -ENOENT;
}

/* Quilt changes no existing mount of that namespace. So the root can't be on a shared mount, which
 * would pass the container's mounts on to other namespaces. Returns a descriptor of root.path in
 * the namespace. Read the host's /proc, opened before joining: the namespace's own /proc can't be
 * trusted. */
static int
join_mounts (const QuiltInit *init)
{
  g_autofd int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofd int mountinfo_fd = -1;
  g_autofd int place_fd = -1;
  struct statx st;
  int r;

  if (proc_fd < 0 || setns (quilt_joins_find (init->joins, CLONE_NEWNS), CLONE_NEWNS) < 0)
    quilt_init_fail (init, QUILT_STAGE_JOIN, errno, "", "");
  place_fd = open (init->spec->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place_fd < 0)
    fail_mount (init, init->mounts->root, errno, "there is no such directory in the namespace");
  mountinfo_fd = openat (proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);
  r = mountinfo_fd < 0 || statx (place_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0
          ? -errno
          : is_shared (mountinfo_fd, st.stx_mnt_id);
  if (r < 0)
    fail_mount (init, init->mounts->root, -r, "it can't be found in mountinfo");
  if (r > 0)
    fail_mount (
        init, init->mounts->root, EINVAL,
        "in the 'mount' namespace to join, this directory is on a shared mount, so the container's "
        "mounts would appear in other namespaces; make that mount private there");
  return g_steal_fd (&place_fd);
}

static int
build_root (QuiltInit *init)
{
  const QuiltMountOp *failed = NULL;
  g_autofd int place_fd = -1;
  char detail[256] = "";
  guint64 sysctls = 0;
  int root_fd = -1;
  int r;

  set_sysctls (init, !is_mapped (init), &sysctls);
  if (!joins_mounts (init))
    leave_host_mounts (init);
  place_fd = joins_mounts (init) ? join_mounts (init)
                                 : open (init->spec->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place_fd < 0)
    fail_mount (init, init->mounts->root, errno, "");
  if (is_mapped (init)) {
    receive_trees (init);
    become_root (init);
    set_sysctls (init, TRUE, &sysctls);
  } else if (init->mounts->trees->len > 0) {
    receive_trees (init);
  }
  r = quilt_copies_make (init->mounts, place_fd, &failed);
  if (r < 0)
    fail_mount (init, failed, -r, r == -EINVAL ? "only a regular file is copied" : "");
  r = quilt_mounts_apply_root (init->mounts, init->spec->root_path, place_fd, detail, sizeof detail,
                               &root_fd);
  if (r < 0)
    fail_mount (init, init->mounts->root, -r, detail);
  if (joins_mounts (init))
    init->joined_root = root_fd;
  apply_mounts (init, root_fd, FALSE);
  provide (init, root_fd);
  return root_fd;
}

/* Enters an existing container. */
static void
enter_container (const QuiltInit *init)
{
  int r;

  if (is_mapped (init))
    receive_trees (init);
  r = quilt_joins_enter (init->joins, 0);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_JOIN, -r, "", "");
  if (init->setup->root >= 0 &&
      (fchdir (init->setup->root) < 0 || chroot (".") < 0 || close (init->setup->root) < 0))
    quilt_init_fail (init, QUILT_STAGE_JOIN, errno, "", "");
  if (is_mapped (init))
    become_root (init);
  provide (init, -1);
}

/* Must come last: pivot_root(2) refuses shared mounts. The root is private already. */
static void
set_propagation (const QuiltInit *init, int root_fd)
{
  static const struct {
    const char *name;
    guint64 flag;
  } types[] = {{"shared", MS_SHARED}, {"slave", MS_SLAVE}, {"unbindable", MS_UNBINDABLE}};
  const char *text = init->spec->rootfs_propagation;
  gboolean recursive = text && *text == 'r';
  struct mount_attr attr = {0};

  for (guint i = 0; text && i < G_N_ELEMENTS (types); i++)
    if (strcmp (text + (recursive ? 1 : 0), types[i].name) == 0)
      attr.propagation = types[i].flag;
  if (attr.propagation != 0 &&
      mount_setattr (root_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                     sizeof attr) < 0)
    quilt_init_fail (init, QUILT_STAGE_PROPAGATION, errno, text, "");
}

/* Called after GO. The init is in the payload's cgroup, which becomes the root of the container's
 * cgroup namespace. */
void
quilt_root_finish (const QuiltInit *init)
{
  g_autofd int root_fd = -1;

  if (!quilt_spec_builds_root (init->spec))
    return;
  if ((init->spec->namespaces & QUILT_NS_CGROUP) && unshare (CLONE_NEWCGROUP) < 0)
    quilt_init_fail (init, QUILT_STAGE_CGROUP_NAMESPACE, errno, "", "");
  root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0)
    quilt_init_fail (init, QUILT_STAGE_PIVOT, errno, "", "");
  apply_mounts (init, root_fd, TRUE);
}

void
quilt_root_seal (const QuiltInit *init)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
  g_autofd int root_fd = -1;

  if (!quilt_spec_builds_root (init->spec))
    return;
  root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0)
    quilt_init_fail (init, QUILT_STAGE_PIVOT, errno, "", "");
  set_propagation (init, root_fd);
  if (init->spec->root_readonly &&
      mount_setattr (root_fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
    quilt_init_fail (init, QUILT_STAGE_READONLY, errno, "'/'", "");
}

void
quilt_root_build (QuiltInit *init)
{
  int root_fd;

  if (!quilt_spec_builds_root (init->spec)) {
    enter_container (init);
    return;
  }
  root_fd = build_root (init);
  run_hooks_before_pivot (init);
  enter_root (init, root_fd);
  if (!joins_mounts (init))
    quilt_fd_clear (&root_fd);
}
