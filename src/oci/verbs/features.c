/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* features and spec: print documents. checkpoint and restore: refuse. None of them touches a
 * container. */
#include "oci/verbs/verbs.h"

#include "oci/verbs/template.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "core/mounts/options.h"
#include "spec/oci/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
quilt_oci_features (QuiltOci *oci, GError **error)
{
  g_autoptr (GPtrArray) options = g_ptr_array_new ();
  g_autoptr (json_object) object = NULL;
  g_autofree char *text = NULL;
  const char *name;

  if (!quilt_oci_parse (oci, NULL, "",
                        "Prints the supported parts of the OCI specification as JSON.", FALSE, 0, 0,
                        error))
    return -1;
  for (guint i = 0; (name = quilt_mount_option_name (i)); i++)
    g_ptr_array_add (options, (char *)name);
  g_ptr_array_add (options, NULL);
  object = quilt_features_to_json ((const char *const *)options->pdata);
  text = quilt_json_print (object, TRUE);
  puts (text);
  return 0;
}

/* Do not overwrite an existing file. */
static gboolean
write_new (const char *path, const char *text, GError **error)
{
  g_autofd int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to make '%s'", path);
  return (quilt_fd_write_all (fd, text, strlen (text)) && quilt_fd_write_all (fd, "\n", 1)) ||
         quilt_set_error_errno (error, errno, "Failed to write '%s'", path);
}

int
quilt_oci_spec (QuiltOci *oci, GError **error)
{
  g_autofree char *bundle = NULL;
  g_autofree char *file = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (json_object) object = NULL;
  gboolean rootless = FALSE;
  const GOptionEntry entries[] = {
      {"bundle", 'b', 0, G_OPTION_ARG_FILENAME, &bundle, "The bundle (.)", "DIR"},
      {"file", 'f', 0, G_OPTION_ARG_FILENAME, &file, "Directory for config.json", "FILE"},
      {"rootless", 0, 0, G_OPTION_ARG_NONE, &rootless, "For users other than root", NULL},
      {NULL},
  };

  if (!quilt_oci_parse (oci, entries, "", "Writes a config.json that runs 'sh' in 'rootfs'.", FALSE,
                        0, 0, error))
    return -1;
  object = quilt_oci_template_new (rootless, geteuid (), getegid ());
  text = quilt_json_print (object, TRUE);
  path = file && g_path_is_absolute (file)
             ? g_strdup (file)
             : g_build_filename (bundle ? bundle : ".", file ? file : "config.json", NULL);
  return write_new (path, text, error) ? 0 : -1;
}

/* Refuse before parsing options: if --help worked, podman would assume that the runtime can do
 * it. */
int
quilt_oci_checkpoint (QuiltOci *oci, GError **error)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Failed to %s a container: this quilt-oci is built without CRIU", oci->argv[0]);
  return -1;
}
