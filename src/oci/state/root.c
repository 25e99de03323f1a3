/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state directory, chosen by the options before the verb. */
#include "oci/state/root.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the id map is that of the first user namespace: 0 0 4294967295. */
static gboolean
is_first_user_namespace (void)
{
  g_autofree char *map = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree char *line = NULL;

  if (!g_file_get_contents ("/proc/self/uid_map", &map, NULL, NULL))
    return TRUE; /* a kernel without user namespaces */
  g_strdelimit (map, "\n", ' ');
  words = g_strsplit_set (g_strstrip (map), " ", -1);
  line = g_strjoinv ("", words);
  return strcmp (line, "004294967295") == 0;
}

static gboolean
read_rootless (const char *text, gboolean *ret_rootless, GError **error)
{
  g_autofree char *quoted = NULL;

  if (!text || strcmp (text, "auto") == 0) {
    *ret_rootless = geteuid () != 0 || !is_first_user_namespace ();
    return TRUE;
  }
  *ret_rootless = strcmp (text, "true") == 0;
  if (*ret_rootless || strcmp (text, "false") == 0)
    return TRUE;
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "--rootless must be true, false or auto, not '%s'", quoted);
  return FALSE;
}

static gboolean
read_manager (QuiltOci *oci, const char *text, gboolean systemd_cgroup, GError **error)
{
  const gboolean is_systemd = g_strcmp0 (text, "systemd") == 0;
  const gboolean is_none = g_strcmp0 (text, "disabled") == 0;

  if (text && !is_systemd && !is_none && strcmp (text, "cgroupfs") != 0) {
    g_autofree char *quoted = quilt_text_quote (text);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "--cgroup-manager must be cgroupfs, systemd or disabled, not '%s'", quoted);
    return FALSE;
  }
  if (text && systemd_cgroup && !is_systemd) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "--systemd-cgroup and --cgroup-manager=%s contradict each other", text);
    return FALSE;
  }
  oci->systemd_cgroup = systemd_cgroup || is_systemd;
  oci->no_cgroup = is_none;
  return TRUE;
}

gboolean
quilt_oci_root_init (QuiltOci *oci,
                     const char *root,
                     const char *rootless,
                     const char *manager,
                     gboolean systemd_cgroup,
                     GError **error)
{
  const char *runtime_dir = g_getenv ("XDG_RUNTIME_DIR");

  if (!read_manager (oci, manager, systemd_cgroup, error) ||
      !read_rootless (rootless, &oci->rootless, error))
    return FALSE;
  if (root && !*root) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "--root must name a directory");
    return FALSE;
  }
  if (root)
    oci->root = g_canonicalize_filename (root, NULL);
  else if (oci->rootless && runtime_dir && g_path_is_absolute (runtime_dir))
    oci->root = g_build_filename (runtime_dir, "quilt-oci", NULL);
  else
    oci->root = g_strdup (QUILT_OCI_ROOT);
  return TRUE;
}

/* Makes the directory. All users may pass its parents, but only we may enter it. */
static gboolean
make (const char *root, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (root);

  if (g_mkdir_with_parents (parent, 0755) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make directory '%s'", parent);
  /* The sticky bit protects a user's directory from removal by age (XDG Base Directory). */
  if (mkdir (root, 01700) < 0 && errno != EEXIST)
    return quilt_set_error_errno (error, errno, "Failed to make directory '%s'", root);
  return TRUE;
}

/* A user that can write there could name any process and cgroup as a container's, and make us kill
 * them. */
static gboolean
check_owner (const QuiltOci *oci, GError **error)
{
  struct stat st;

  if (fstat (oci->root_fd, &st) < 0)
    return quilt_set_error_errno (error, errno, "Failed to look at directory '%s'", oci->root);
  if (st.st_uid == geteuid () && (st.st_mode & 022) == 0)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED,
               st.st_uid == geteuid ()
                   ? "Failed to use directory '%s': other users may write to it; see chmod(1), or "
                     "use another --root"
                   : "Failed to use directory '%s': it belongs to another user; see chown(1), or "
                     "use another --root",
               oci->root);
  return FALSE;
}

gboolean
quilt_oci_root_open (QuiltOci *oci, GError **error)
{
  oci->root_fd = open (oci->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (oci->root_fd < 0 && errno == ENOENT) {
    if (!make (oci->root, error))
      return FALSE;
    oci->root_fd = open (oci->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (oci->root_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open directory '%s'", oci->root);
  return check_owner (oci, error);
}

gboolean
quilt_oci_keeps_groups (const QuiltOci *oci)
{
  g_autofree char *text = NULL;

  return oci->rootless && g_file_get_contents ("/proc/self/setgroups", &text, NULL, NULL) &&
         g_str_has_prefix (text, "deny");
}
