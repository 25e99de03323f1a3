/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root overlay of a container in a user namespace. The supervisor has opened its layers. */
#include "core/mounts/overlay.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/mounts/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest value that fsconfig(2) accepts, and the longest option text that mount(2) accepts. */
#define SETTING_MAX 255
#define DATA_MAX 4095
/* The limit for settings other than directories; overlayfs knows about 20. */
#define SETTINGS_MAX 32
/* OVL_MAX_STACK of overlayfs. */
#define LAYERS_MAX 500

void
quilt_overlay_clear (QuiltMountOverlay *overlay)
{
  g_clear_pointer (&overlay->layers, g_strfreev);
  g_clear_pointer (&overlay->dir, g_free);
  g_clear_pointer (&overlay->upper, g_free);
  g_clear_pointer (&overlay->work, g_free);
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to mount '/': %s", why);
  return FALSE;
}

/* Removes a setting and returns its value. Returns NULL if the setting is missing. */
static char *
take_setting (QuiltMountOp *op, const char *key)
{
  for (guint i = 0; i < op->settings->len; i++) {
    QuiltMountSetting *setting = &g_array_index (op->settings, QuiltMountSetting, i);
    char *value;

    if (strcmp (setting->key, key) != 0 || !setting->value)
      continue;
    value = g_steal_pointer (&setting->value);
    g_array_remove_index (op->settings, i);
    return value;
  }
  return NULL;
}

static gboolean
is_absolute (char *const *paths)
{
  for (; *paths; paths++)
    if (**paths != '/')
      return FALSE;
  return TRUE;
}

static gboolean
plan_upper (QuiltMountOverlay *overlay, const char *upper, const char *work, GError **error)
{
  g_autofree char *upper_dir = NULL;
  g_autofree char *work_dir = NULL;

  if (!upper && !work)
    return TRUE;
  if (!upper || !work || *upper != '/' || *work != '/')
    return refuse (error, "upperdir and workdir must both be absolute paths");
  upper_dir = g_path_get_dirname (upper);
  work_dir = g_path_get_dirname (work);
  if (strcmp (upper_dir, work_dir) != 0)
    return refuse (error, "upperdir and workdir must be in the same directory");
  overlay->dir = g_steal_pointer (&upper_dir);
  overlay->upper = g_path_get_basename (upper);
  overlay->work = g_path_get_basename (work);
  return TRUE;
}

gboolean
quilt_overlay_plan (QuiltMountPlan *plan, GError **error)
{
  QuiltMountOverlay *overlay = &plan->overlay;
  g_autofree char *lower = take_setting (plan->root, "lowerdir");
  g_autofree char *upper = take_setting (plan->root, "upperdir");
  g_autofree char *work = take_setting (plan->root, "workdir");
  QuiltMountSetting userxattr = {.key = g_strdup ("userxattr")};

  /* Only the host's root can set trusted.* attributes, so overlayfs must keep its attributes as
   * user.*. */
  g_array_append_val (plan->root->settings, userxattr);
  g_clear_pointer (&plan->root->legacy_data, g_free);
  overlay->layers = lower && !strchr (lower, '\\') ? g_strsplit (lower, ":", -1) : NULL;
  if (!overlay->layers || !*overlay->layers || !is_absolute (overlay->layers))
    return refuse (error, "lowerdir must be a list of absolute paths without '\\'");
  if (g_strv_length (overlay->layers) > LAYERS_MAX)
    return refuse (error, "lowerdir has more than 500 layers");
  if (plan->root->settings->len > SETTINGS_MAX)
    return refuse (error, "it has more than 32 options");
  return plan_upper (overlay, upper, work, error);
}

/* Appends to text, a buffer of size bytes. Returns FALSE if the buffer is full. */
static gboolean G_GNUC_PRINTF (3, 4) append (char *text, gsize size, const char *format, ...)
{
  gsize length = strlen (text);
  va_list arguments;
  int n;

  va_start (arguments, format);
  n = g_vsnprintf (text + length, size - length, format, arguments);
  va_end (arguments);
  return n >= 0 && (gsize)n < size - length;
}

/* Uses mount(2), since the list of layers is too long for fsconfig(2). Mounts on a directory of its
 * own, since a mount made by mount(2) can only be opened by path. */
static int
mount_long (const QuiltMountOp *op, int place_fd, int *ret_fd)
{
  const QuiltMountOp scratch = {.type = "tmpfs", .settings = &(GArray){NULL, 0}};
  const QuiltMountOp attributes = {.attr_set = op->attr_set, .attr_clear = op->attr_clear};
  g_autofd int scratch_fd = -1;
  g_autofd int fd = -1;
  char data[DATA_MAX + 1] = "", target[32];
  int r;

  for (guint i = 0; i < op->settings->len; i++) {
    const QuiltMountSetting *setting = &g_array_index (op->settings, QuiltMountSetting, i);

    if (!append (data, sizeof data, "%s%s%s%s", i ? "," : "", setting->key,
                 setting->value ? "=" : "", setting->value ? setting->value : ""))
      return -E2BIG;
  }
  r = quilt_mount_new (&scratch, NULL, 0, &scratch_fd);
  if (r == 0)
    r = quilt_mount_attach (scratch_fd, place_fd);
  if (r < 0)
    return r;
  g_snprintf (target, sizeof target, "/proc/self/fd/%d/root", scratch_fd);
  if (mkdirat (scratch_fd, "root", 0755) < 0 || mount (op->type, target, op->type, 0, data) < 0)
    return -errno;
  fd = openat (scratch_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  r = quilt_mount_set_attributes (fd, &attributes);
  if (r == 0)
    *ret_fd = g_steal_fd (&fd);
  return r;
}

static int
mount_short (const QuiltMountOp *op, int place_fd, char *detail, gsize size, int *ret_fd)
{
  g_autofd int fd = -1;
  int r = quilt_mount_new (op, detail, size, &fd);

  if (r == 0)
    r = quilt_mount_attach (fd, place_fd);
  if (r == 0)
    *ret_fd = g_steal_fd (&fd);
  return r;
}

static int
attach_layers (const QuiltMountPlan *plan, guint n, int place_fd)
{
  /* overlayfs accepts only layers that are attached in our mount namespace. So stack all of them on
   * the place. The overlay covers them, and they vanish with the old root. */
  for (guint i = 0; i < n; i++) {
    int r = quilt_mount_attach (plan->tree_fds[i], place_fd);

    if (r < 0)
      return r;
  }
  return 0;
}

int
quilt_overlay_apply (
    const QuiltMountPlan *plan, int place_fd, char *detail, gsize size, int *ret_root_fd)
{
  const QuiltMountOverlay *overlay = &plan->overlay;
  const GArray *more = plan->root->settings;
  QuiltMountSetting settings[SETTINGS_MAX + 3];
  GArray all = {(char *)settings, 0};
  QuiltMountOp op = *plan->root;
  char lower[DATA_MAX] = "", upper[SETTING_MAX + 1] = "", work[SETTING_MAX + 1] = "";
  guint n_layers = g_strv_length (overlay->layers);
  guint n_trees = n_layers + (overlay->dir ? 1 : 0);
  int r = attach_layers (plan, n_trees, place_fd);

  if (r < 0)
    return r;
  /* Name our descriptors relative to this directory, since no other names are as short. */
  if (chdir ("/proc/self/fd") < 0)
    return -errno;
  for (guint i = 0; i < n_layers; i++)
    append (lower, sizeof lower, "%s%d", i ? ":" : "", plan->tree_fds[i]);
  settings[all.len++] = (QuiltMountSetting){(char *)"lowerdir", lower};
  if (overlay->dir) {
    if (!append (upper, sizeof upper, "%d/%s", plan->tree_fds[n_layers], overlay->upper) ||
        !append (work, sizeof work, "%d/%s", plan->tree_fds[n_layers], overlay->work))
      return -ENAMETOOLONG;
    settings[all.len++] = (QuiltMountSetting){(char *)"upperdir", upper};
    settings[all.len++] = (QuiltMountSetting){(char *)"workdir", work};
  }
  memcpy (&settings[all.len], more->data, more->len * sizeof *settings);
  all.len += more->len;
  op.settings = &all;
  r = strlen (lower) > SETTING_MAX ? mount_long (&op, place_fd, ret_root_fd)
                                   : mount_short (&op, place_fd, detail, size, ret_root_fd);
  for (guint i = 0; i < n_trees; i++)
    quilt_fd_clear (&plan->tree_fds[i]);
  return r;
}
