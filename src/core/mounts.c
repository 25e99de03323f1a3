/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a container's mounts: options to attributes and settings, and what needs which order.
 */
#include "core/mounts.h"

#include "base/error.h"
#include "core/overlay.h"
#include "core/trees.h"

#include <string.h>
#include <sys/mount.h>

/* Longest value that fsconfig(2) takes. */
#define SETTING_MAX 255

typedef struct {
  const char *name;
  guint64 set, clear;
  guint64 propagation;
  enum { PLAIN, BIND, RBIND } bind;
  enum { NO_IDMAP, IDMAP, RIDMAP } idmap;
} Option;

static const Option options[] = {
    {"defaults"},
    {"bind", .bind = BIND},
    {"rbind", .bind = RBIND},
    {"ro", .set = MOUNT_ATTR_RDONLY},
    {"rw", .clear = MOUNT_ATTR_RDONLY},
    {"nosuid", .set = MOUNT_ATTR_NOSUID},
    {"suid", .clear = MOUNT_ATTR_NOSUID},
    {"nodev", .set = MOUNT_ATTR_NODEV},
    {"dev", .clear = MOUNT_ATTR_NODEV},
    {"noexec", .set = MOUNT_ATTR_NOEXEC},
    {"exec", .clear = MOUNT_ATTR_NOEXEC},
    {"nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW},
    {"relatime", .set = MOUNT_ATTR_RELATIME, .clear = MOUNT_ATTR__ATIME},
    {"noatime", .set = MOUNT_ATTR_NOATIME, .clear = MOUNT_ATTR__ATIME},
    {"strictatime", .set = MOUNT_ATTR_STRICTATIME, .clear = MOUNT_ATTR__ATIME},
    {"nodiratime", .set = MOUNT_ATTR_NODIRATIME},
    {"diratime", .clear = MOUNT_ATTR_NODIRATIME},
    {"private", .propagation = MS_PRIVATE},
    {"rprivate", .propagation = MS_PRIVATE},
    {"slave", .propagation = MS_SLAVE},
    {"rslave", .propagation = MS_SLAVE},
    {"shared", .propagation = MS_SHARED},
    {"rshared", .propagation = MS_SHARED},
    {"unbindable", .propagation = MS_UNBINDABLE},
    {"runbindable", .propagation = MS_UNBINDABLE},
    {"idmap", .idmap = IDMAP},
    {"ridmap", .idmap = RIDMAP},
};

static const Option *
find_option (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (strcmp (options[i].name, name) == 0)
      return &options[i];
  return NULL;
}

const char *
quilt_mount_option_name (guint index)
{
  return index < G_N_ELEMENTS (options) ? options[index].name : NULL;
}

static void
clear_setting (gpointer data)
{
  QuiltMountSetting *setting = data;

  g_free (setting->key);
  g_free (setting->value);
}

static QuiltMountOp *
op_new (QuiltMountKind kind, const char *target)
{
  QuiltMountOp *op = g_new0 (QuiltMountOp, 1);

  op->kind = kind;
  op->target = target;
  op->tree = -1;
  op->settings = g_array_new (FALSE, FALSE, sizeof (QuiltMountSetting));
  g_array_set_clear_func (op->settings, clear_setting);
  return op;
}

static void
op_free (gpointer data)
{
  QuiltMountOp *op = data;

  if (!op)
    return;
  g_array_unref (op->settings);
  g_free (op->legacy_data);
  g_free (op);
}

void
quilt_mount_plan_free (QuiltMountPlan *plan)
{
  if (!plan)
    return;
  op_free (plan->root);
  g_ptr_array_unref (plan->ops);
  quilt_overlay_clear (&plan->overlay);
  g_array_unref (plan->trees);
  g_free (plan->tree_fds);
  g_free (plan);
}

static void
add_setting (QuiltMountOp *op, const char *option)
{
  const char *equals = strchr (option, '=');
  QuiltMountSetting setting = {
      .key = equals ? g_strndup (option, (gsize)(equals - option)) : g_strdup (option),
      .value = equals ? g_strdup (equals + 1) : NULL,
  };

  g_array_append_val (op->settings, setting);
}

static gboolean
apply_option (QuiltMountOp *op, const char *name, GError **error)
{
  const Option *option = find_option (name);

  if (!option && op->kind == QUILT_MOUNT_BIND) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': a bind mount has no option '%s'", op->target, name);
    return FALSE;
  }
  if (!option) {
    add_setting (op, name);
    return TRUE;
  }
  op->attr_set = (op->attr_set & ~option->clear) | option->set;
  op->attr_clear = (op->attr_clear & ~option->set) | option->clear;
  if (option->propagation)
    op->propagation = option->propagation;
  op->idmap = op->idmap || option->idmap != NO_IDMAP;
  op->idmap_below = op->idmap_below || option->idmap == RIDMAP;
  return TRUE;
}

/* fsconfig(2) takes values up to 255 bytes, and a list of layers is longer; mount(2) takes a page.
 */
static gboolean
join_long_settings (QuiltMountOp *op, char *const *texts, GError **error)
{
  g_autoptr (GString) data = g_string_new (NULL);
  gboolean is_long = FALSE;

  for (guint i = 0; texts && texts[i]; i++) {
    if (find_option (texts[i]))
      continue;
    is_long = is_long || strlen (texts[i]) > SETTING_MAX;
    g_string_append_printf (data, "%s%s", data->len ? "," : "", texts[i]);
  }
  if (is_long && strcmp (op->target, "/") != 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': an option is longer than %d bytes", op->target,
                 SETTING_MAX);
    return FALSE;
  }
  if (is_long)
    op->legacy_data = g_string_free (g_steal_pointer (&data), FALSE);
  return TRUE;
}

static gboolean
is_bind (const QuiltMount *mount, gboolean *ret_recursive)
{
  gboolean bind = !mount->type || strcmp (mount->type, "bind") == 0;

  *ret_recursive = FALSE;
  for (guint i = 0; mount->options && mount->options[i]; i++) {
    const Option *option = find_option (mount->options[i]);

    bind = bind || (option && option->bind != PLAIN);
    if (option && option->bind == RBIND)
      *ret_recursive = TRUE;
  }
  return bind;
}

static QuiltMountOp *
plan_mount (const QuiltMount *mount, GError **error)
{
  gboolean recursive;
  gboolean bind = is_bind (mount, &recursive);
  QuiltMountOp *op = op_new (bind ? QUILT_MOUNT_BIND : QUILT_MOUNT_NEW, mount->destination);

  op->recursive = recursive;
  op->type = mount->type;
  op->source = mount->source;
  if (bind && (!mount->source || mount->source[0] != '/')) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to mount '%s': its source must be an absolute path", mount->destination);
    op_free (op);
    return NULL;
  }
  /* "cgroup" in a configuration means the host's hierarchy, and here that is version 2. */
  if (!bind && (strcmp (mount->type, "cgroup") == 0 || strcmp (mount->type, "cgroup2") == 0)) {
    op->type = "cgroup2";
    op->late = TRUE;
  }
  op->devices =
      !bind && strcmp (mount->type, "tmpfs") == 0 && strcmp (mount->destination, "/dev") == 0;
  for (guint i = 0; mount->options && mount->options[i]; i++) {
    if (!apply_option (op, mount->options[i], error)) {
      op_free (op);
      return NULL;
    }
  }
  if (!bind && !join_long_settings (op, mount->options, error)) {
    op_free (op);
    return NULL;
  }
  return op;
}

/* These have files of the container's own, which SELinux would otherwise label as whoever mounted
 * them; proc(5), sysfs(5) and cgroups have labels of the policy's. */
static gboolean
takes_label (const QuiltMountOp *op)
{
  static const char *const types[] = {"overlay", "tmpfs", "devpts", "mqueue", NULL};

  return op->kind == QUILT_MOUNT_NEW && g_strv_contains (types, op->type);
}

/* selinux(8): a label in mount(2)'s text is quoted, since its categories have a comma. */
static void
add_label (QuiltMountOp *op, const char *label)
{
  QuiltMountSetting setting = {.key = g_strdup ("context"), .value = g_strdup (label)};
  g_autofree char *legacy = op->legacy_data;

  g_array_append_val (op->settings, setting);
  if (legacy)
    op->legacy_data = g_strdup_printf ("%s,context=\"%s\"", legacy, label);
}

static gboolean
is_below (const char *path, const char *directory)
{
  gsize length = strlen (directory);

  return strncmp (path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* What lies on or below a late mount must come after it. */
static void
add_op (QuiltMountPlan *plan, QuiltMountOp *op)
{
  for (guint i = 0; i < plan->ops->len && !op->late; i++) {
    const QuiltMountOp *before = plan->ops->pdata[i];

    op->late = before->late && is_below (op->target, before->target);
  }
  g_ptr_array_add (plan->ops, op);
}

static gboolean
check_idmap (const QuiltSpec *spec, const QuiltMountOp *op, GError **error)
{
  gboolean layers = strcmp (op->target, "/") == 0 && g_strcmp0 (op->type, "overlay") == 0;

  if (op->idmap && !quilt_spec_leaves_host (spec, QUILT_NS_USER)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to mount '%s': the option 'idmap' needs a namespace of type 'user'",
                 op->target);
    return FALSE;
  }
  if (op->idmap && op->kind != QUILT_MOUNT_BIND && !layers) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': only a bind mount and the layers of '/' have the option "
                 "'idmap'",
                 op->target);
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_paths (QuiltMountPlan *plan, QuiltMountKind kind, char *const *paths, GError **error)
{
  for (guint i = 0; paths && paths[i]; i++) {
    QuiltMountOp *op = op_new (kind, paths[i]);

    add_op (plan, op);
    if (kind == QUILT_MOUNT_MASK && op->late) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                   "Failed to mask '%s': nothing below a cgroup mount can be masked", paths[i]);
      return FALSE;
    }
  }
  return TRUE;
}

QuiltMountPlan *
quilt_mounts_plan (const QuiltSpec *spec, GError **error)
{
  g_autoptr (QuiltMountPlan) plan = g_new0 (QuiltMountPlan, 1);

  plan->ops = g_ptr_array_new_with_free_func (op_free);
  plan->trees = g_array_new (FALSE, FALSE, sizeof (QuiltMountTree));
  if (!(spec->namespaces & QUILT_NS_MOUNT))
    return g_steal_pointer (&plan); /* those that it joins are there */
  for (guint i = 0; spec->mounts && i < spec->mounts->len; i++) {
    QuiltMountOp *op = plan_mount (spec->mounts->pdata[i], error);

    if (!op)
      return NULL;
    if (spec->mount_label && *spec->mount_label && takes_label (op))
      add_label (op, spec->mount_label);
    op->nodes = spec->devices;
    if (!check_idmap (spec, op, error)) {
      op_free (op);
      return NULL;
    }
    if (strcmp (op->target, "/") != 0) {
      add_op (plan, op);
    } else if (!plan->root) {
      plan->root = op;
    } else {
      op_free (op);
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to mount '/': there is more than one mount for it");
      return NULL;
    }
  }
  if (!plan->root) {
    plan->root = op_new (QUILT_MOUNT_BIND, "/");
    plan->root->source = spec->root_path;
    plan->root->recursive = TRUE;
  }
  if (!add_paths (plan, QUILT_MOUNT_MASK, spec->masked_paths, error) ||
      !add_paths (plan, QUILT_MOUNT_READONLY, spec->readonly_paths, error))
    return NULL;
  if (quilt_spec_leaves_host (spec, QUILT_NS_USER) && !quilt_trees_plan (plan, spec, error))
    return NULL;
  return g_steal_pointer (&plan);
}
