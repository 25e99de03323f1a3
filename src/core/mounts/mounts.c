/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans a container's mounts: turns options into attributes and settings, and orders the mounts. */
#include "core/mounts/mounts.h"

#include "base/error.h"
#include "core/mounts/options.h"
#include "core/mounts/overlay.h"
#include "core/mounts/trees.h"
#include "spec/options/devices.h"

#include <string.h>
#include <sys/mount.h>

/* The longest value that fsconfig(2) accepts. */
#define SETTING_MAX 255

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
  const QuiltMountOption *option = quilt_mount_option_find (name);

  if (!option && op->kind == QUILT_MOUNT_BIND) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': a bind mount has no option '%s'", op->target, name);
    return FALSE;
  }
  if (!option) {
    add_setting (op, name);
    return TRUE;
  }
  quilt_mount_option_apply (option, op);
  return TRUE;
}

/* fsconfig(2) accepts values of at most 255 bytes, but a list of layers can be longer. mount(2)
 * accepts a page of options. */
static gboolean
join_long_settings (QuiltMountOp *op, char *const *texts, GError **error)
{
  g_autoptr (GString) data = g_string_new (NULL);
  gboolean is_long = FALSE;

  for (guint i = 0; texts && texts[i]; i++) {
    if (quilt_mount_option_find (texts[i]))
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

gboolean
quilt_mount_is_bind (const QuiltMount *mount, gboolean *ret_recursive)
{
  gboolean bind = !mount->type || strcmp (mount->type, "bind") == 0;

  *ret_recursive = FALSE;
  for (guint i = 0; mount->options && mount->options[i]; i++) {
    const QuiltMountOption *option = quilt_mount_option_find (mount->options[i]);

    bind = bind ||
           (option && (option->kind == QUILT_OPTION_BIND || option->kind == QUILT_OPTION_RBIND));
    if (option && option->kind == QUILT_OPTION_RBIND)
      *ret_recursive = TRUE;
  }
  return bind;
}

static QuiltMountOp *
plan_mount (const QuiltMount *mount, GError **error)
{
  gboolean recursive;
  gboolean bind = quilt_mount_is_bind (mount, &recursive);
  QuiltMountOp *op = op_new (bind ? QUILT_MOUNT_BIND : QUILT_MOUNT_NEW, mount->destination);

  op->recursive = recursive;
  op->type = mount->type;
  op->source = mount->source;
  if (mount->uid_map && mount->uid_map->len > 0) {
    op->idmap = TRUE;
    op->uid_map = mount->uid_map;
    op->gid_map = mount->gid_map;
  }
  if (bind && (!mount->source || mount->source[0] != '/')) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to mount '%s': its source must be an absolute path", mount->destination);
    op_free (op);
    return NULL;
  }
  /* "cgroup" in a configuration means the host's hierarchy, which must be version 2. */
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

/* Files in these file systems belong to the container, and SELinux would otherwise label them after
 * the process that mounted them. For proc, sysfs and cgroups the policy sets the labels. */
static gboolean
takes_label (const QuiltMountOp *op)
{
  static const char *const types[] = {"overlay", "tmpfs", "devpts", "mqueue", NULL};

  return op->kind == QUILT_MOUNT_NEW && g_strv_contains (types, op->type);
}

/* selinux(8). In the text for mount(2) a label is quoted, since its categories contain commas. */
static void
add_label (QuiltMountOp *op, const char *key, const char *label)
{
  QuiltMountSetting setting = {.key = g_strdup (key), .value = g_strdup (label)};
  g_autofree char *legacy = op->legacy_data;

  g_array_append_val (op->settings, setting);
  if (legacy)
    op->legacy_data = g_strdup_printf ("%s,%s=\"%s\"", legacy, key, label);
}

/* The mount option that sets the label, or NULL with an error if the annotation is invalid. */
static const char *
get_context (const QuiltSpec *spec, GError **error)
{
  static const char *const types[] = {"context", "fscontext", "defcontext", "rootcontext", NULL};
  const char *type = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_CONTEXT_TYPE);

  if (!type)
    return types[0];
  if (g_strv_contains (types, type))
    return type;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read 'annotations." QUILT_ANNOTATION_CONTEXT_TYPE
               "': must be context, fscontext, defcontext or rootcontext");
  return NULL;
}

static gboolean
is_below (const char *path, const char *directory)
{
  gsize length = strlen (directory);

  return strncmp (path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* A mount on or below a late mount must come after it. */
static void
add_op (QuiltMountPlan *plan, QuiltMountOp *op)
{
  for (guint i = 0; i < plan->ops->len && !op->late; i++) {
    const QuiltMountOp *before = plan->ops->pdata[i];

    op->late = before->late && is_below (op->target, before->target);
  }
  g_ptr_array_add (plan->ops, op);
}

/* devpts can't give its nodes to a group that the user namespace lacks. Engines always write
 * "gid=5", so that option is then left out, as in other runtimes. */
static void
drop_foreign_group (const QuiltSpec *spec, QuiltMountOp *op)
{
  guint32 outside;
  guint64 gid;

  if (op->kind != QUILT_MOUNT_NEW || strcmp (op->type, "devpts") != 0 ||
      !quilt_spec_leaves_host (spec, QUILT_NS_USER))
    return;
  for (guint i = op->settings->len; i-- > 0;) {
    const QuiltMountSetting *setting = &g_array_index (op->settings, QuiltMountSetting, i);

    if (strcmp (setting->key, "gid") == 0 && setting->value &&
        g_ascii_string_to_unsigned (setting->value, 10, 0, G_MAXUINT32, &gid, NULL) &&
        !quilt_id_map_find (spec->gid_map, (guint32)gid, &outside))
      g_array_remove_index (op->settings, i);
  }
}

static gboolean
check_options (const QuiltSpec *spec, const QuiltMountOp *op, GError **error)
{
  gboolean layers = strcmp (op->target, "/") == 0 && g_strcmp0 (op->type, "overlay") == 0;

  if (op->idmap && !op->uid_map && !quilt_spec_leaves_host (spec, QUILT_NS_USER)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to mount '%s': the option 'idmap' needs uidMappings and gidMappings, or a "
                 "namespace of type 'user'",
                 op->target);
    return FALSE;
  }
  if (op->copy_up && (op->kind != QUILT_MOUNT_NEW || strcmp (op->type, "tmpfs") != 0)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': only a tmpfs has the option 'tmpcopyup'", op->target);
    return FALSE;
  }
  if (op->copy &&
      (op->kind != QUILT_MOUNT_BIND || op->idmap || quilt_spec_joins (spec, QUILT_NS_MOUNT))) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': only a bind mount without 'idmap', in a mount namespace of "
                 "its own, has the option '" QUILT_MOUNT_COPY "'",
                 op->target);
    return FALSE;
  }
  if (op->idmap && op->kind != QUILT_MOUNT_BIND && (!layers || op->uid_map)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to mount '%s': only a bind mount and the layers of '/' have the option "
                 "'idmap'",
                 op->target);
    return FALSE;
  }
  return TRUE;
}

/* runtime-spec, config-linux.md, "Default Devices" and "Devices". If the configuration mounts
 * anything but a new tmpfs on /dev, the nodes there are left as they are. */
static void
add_nodes (QuiltMountPlan *plan, const QuiltSpec *spec)
{
  gboolean has_dev = FALSE, wanted = FALSE;
  QuiltMountOp *op;

  for (guint i = 0; i < plan->ops->len; i++)
    has_dev = has_dev || is_below ("/dev", ((const QuiltMountOp *)plan->ops->pdata[i])->target);
  for (guint i = 0; i < spec->devices->len; i++)
    wanted = wanted || !is_below (g_array_index (spec->devices, QuiltDevice, i).path, "/dev");
  if (has_dev && !wanted)
    return;
  op = op_new (QUILT_MOUNT_NODES, "/dev");
  op->devices = !has_dev;
  op->nodes = spec->devices;
  g_ptr_array_add (plan->ops, op);
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
  const char *context = get_context (spec, error);

  plan->ops = g_ptr_array_new_with_free_func (op_free);
  plan->trees = g_array_new (FALSE, FALSE, sizeof (QuiltMountTree));
  if (!quilt_spec_builds_root (spec))
    return g_steal_pointer (&plan); /* a guest finds its mounts in the namespace that it joins */
  if (!context)
    return NULL;
  for (guint i = 0; spec->mounts && i < spec->mounts->len; i++) {
    QuiltMountOp *op = plan_mount (spec->mounts->pdata[i], error);

    if (!op)
      return NULL;
    if (spec->mount_label && *spec->mount_label && takes_label (op))
      add_label (op, context, spec->mount_label);
    op->nodes = spec->devices;
    drop_foreign_group (spec, op);
    if (!check_options (spec, op, error)) {
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
  add_nodes (plan, spec);
  if (!add_paths (plan, QUILT_MOUNT_MASK, spec->masked_paths, error) ||
      !add_paths (plan, QUILT_MOUNT_READONLY, spec->readonly_paths, error))
    return NULL;
  if (!quilt_trees_plan (plan, spec, error))
    return NULL;
  return g_steal_pointer (&plan);
}
