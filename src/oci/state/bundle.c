/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a bundle. */
#include "oci/state/bundle.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "core/mounts/mounts.h"
#include "core/mounts/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define CONFIG_MAX (4 << 20)

void
quilt_oci_bundle_clear (QuiltOciBundle *bundle)
{
  g_clear_pointer (&bundle->path, g_free);
  g_clear_pointer (&bundle->config, g_bytes_unref);
  g_clear_pointer (&bundle->spec, quilt_spec_free);
}

/* These annotations of quiltd set the command's user, whatever process.user says. Engines pass on
 * annotations from users whom they forbid to be root, so refuse them. */
static gboolean
check_annotations (const QuiltSpec *spec, GError **error)
{
  static const char *const keys[] = {QUILT_ANNOTATION_USER, QUILT_ANNOTATION_GROUPS};

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_hash_table_contains (spec->annotations, keys[i])) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                   "Failed to use annotations[\"%s\"]: it is reserved for quiltd; use process.user",
                   keys[i]);
      return FALSE;
    }
  return TRUE;
}

/* Removes options of file systems from a bind mount, where they have no effect. Engines write them,
 * and other runtimes ignore them. */
static void
leave_out_options (const QuiltOci *oci, QuiltMount *mount)
{
  char **kept = mount->options;
  gboolean recursive;

  if (!mount->options || !quilt_mount_is_bind (mount, &recursive))
    return;
  for (char **option = mount->options; *option; option++) {
    if (quilt_mount_option_find (*option)) {
      *kept++ = *option;
      continue;
    }
    quilt_oci_log_warning (oci->log, "Left out the option '%s' of the bind mount on '%s'", *option,
                           mount->destination);
    g_free (*option);
  }
  *kept = NULL;
}

gboolean
quilt_oci_bundle_load (const QuiltOci *oci,
                       const char *path,
                       const char *config,
                       QuiltOciBundle *ret_bundle,
                       GError **error)
{
  g_auto (QuiltOciBundle) bundle = {NULL};
  g_autofree char *directory = NULL;
  g_autofree char *file = NULL;
  g_autofree char *name = NULL;
  g_autofree char *unknown = NULL;
  g_autofd int fd = -1;
  char real[PATH_MAX];
  gconstpointer data;
  gsize size;

  if (!realpath (path ? path : ".", real))
    return quilt_set_error_errno (error, errno, "Failed to open the bundle '%s'",
                                  path ? path : ".");
  bundle.path = g_strdup (real);
  if (!config)
    config = file = g_build_filename (real, "config.json", NULL);
  directory = g_path_get_dirname (config);
  name = g_path_get_basename (config);
  fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open '%s'", directory);
  bundle.config = quilt_file_read (fd, name, CONFIG_MAX, error);
  if (bundle.config) {
    data = g_bytes_get_data (bundle.config, &size);
    bundle.spec = quilt_spec_parse_lenient (data, size, &unknown, error);
  }
  if (!bundle.spec || !check_annotations (bundle.spec, error)) {
    g_prefix_error (error, "Failed to use '%s': ", config);
    return FALSE;
  }
  for (guint i = 0; i < bundle.spec->mounts->len; i++)
    leave_out_options (oci, bundle.spec->mounts->pdata[i]);
  if (unknown)
    quilt_oci_log_warning (oci->log, "Left out of '%s' the unknown keys and capabilities: %s",
                           config, unknown);
  if (!g_path_is_absolute (bundle.spec->root_path)) {
    g_autofree char *relative = g_steal_pointer (&bundle.spec->root_path);

    bundle.spec->root_path = g_build_filename (real, relative, NULL);
  }
  *ret_bundle = bundle;
  bundle = (QuiltOciBundle){NULL};
  return TRUE;
}
