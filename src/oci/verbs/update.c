/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* update: changes the limits of a running container. */
#include "oci/state/container.h"
#include "oci/cgroup/cgroup.h"
#include "oci/verbs/merge.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The limits since the last update, in the container's directory. config.json stays unchanged. */
#define IN_FORCE "resources.json"
#define RESOURCES_MAX (1024 * 1024)

/* Reads a file, or standard input for "-". Refuses a file that is too large. */
static GBytes *
read_input (const char *path, GError **error)
{
  const gboolean is_input = strcmp (path, "-") == 0;
  const char *name = is_input ? "standard input" : path;
  g_autofd int fd = is_input ? dup (STDIN_FILENO) : open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 chunk[16 * 1024];
  gssize n = fd < 0 ? -1 : 1;

  while (n > 0 && bytes->len <= RESOURCES_MAX) {
    n = read (fd, chunk, sizeof chunk);
    if (n > 0)
      g_byte_array_append (bytes, chunk, (guint)n);
    else if (n < 0 && errno == EINTR)
      n = 1;
  }
  if (n < 0) {
    quilt_set_error_errno (error, errno, "Failed to read resources from '%s'", name);
    return NULL;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static QuiltOciResources *
read_resources (const QuiltOci *oci, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = read_input (path, error);
  g_autoptr (QuiltOciResources) resources = NULL;
  g_autofree char *unknown = NULL;
  gsize length;
  const char *data;

  if (!bytes)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  resources = quilt_oci_resources_parse_lenient (data ? data : "", length, &unknown, error);
  if (resources && unknown)
    quilt_oci_log_warning (oci->log, "Left out of '%s' the unknown keys and capabilities: %s", path,
                           unknown);
  return g_steal_pointer (&resources);
}

/* The limits of the last update replace those of the configuration. */
static gboolean
load_in_force (const QuiltOciContainer *container, QuiltSpec *spec, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) bytes = quilt_file_read (container->dir_fd, IN_FORCE, RESOURCES_MAX, &local);
  QuiltOciResources *resources;
  gsize length;
  const char *data;

  if (!bytes && !g_error_matches (local, QUILT_ERROR, QUILT_ERROR_NOT_FOUND)) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (!bytes) {
    if (!spec->resources)
      spec->resources = quilt_oci_resources_new ();
    return TRUE;
  }
  data = g_bytes_get_data (bytes, &length);
  resources = quilt_oci_resources_parse (data, length, error);
  if (!resources)
    return FALSE;
  quilt_oci_resources_free (spec->resources);
  spec->resources = resources;
  return TRUE;
}

static gboolean
save_in_force (const QuiltOciContainer *container,
               const QuiltOciResources *resources,
               GError **error)
{
  g_autoptr (json_object) object = quilt_oci_resources_to_json (resources);
  g_autofree char *text = quilt_json_print (object, FALSE);

  return quilt_file_replace (container->dir_fd, IN_FORCE, text, strlen (text), QUILT_FILE_VOLATILE,
                             error);
}

static gboolean
apply (QuiltOciContainer *container, const QuiltOciResources *update, GError **error)
{
  g_autoptr (QuiltSpec) spec = NULL;

  if (quilt_oci_container_get_status (container) == QUILT_OCI_STOPPED) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                 "Failed to update container '%s': container not running", container->id);
    return FALSE;
  }
  spec = quilt_oci_container_read_spec (container, error);
  if (!spec || !load_in_force (container, spec, error))
    return FALSE;
  quilt_oci_resources_merge (spec->resources, update);
  return quilt_oci_cgroup_update (&container->cgroup, spec, spec->resources, error) &&
         save_in_force (container, spec->resources, error);
}

int
quilt_oci_update (QuiltOci *oci, GError **error)
{
  g_auto (QuiltOciUpdate) options = QUILT_OCI_UPDATE_INIT;
  g_autofree char *file = NULL;
  g_autoptr (GArray) entries = quilt_oci_update_entries (&options);
  const GOptionEntry resources = {
      "resources", 'r', 0, G_OPTION_ARG_FILENAME, &file, "Read them as JSON (-: from stdin)",
      "FILE"};
  g_autoptr (QuiltOciResources) update = NULL;
  g_autoptr (QuiltOciContainer) container = NULL;

  g_array_append_val (entries, resources);
  if (!quilt_oci_parse (oci, (const GOptionEntry *)(gpointer)entries->data, "ID",
                        "Changes limits of a container; the others stay as they are.", FALSE, 1, 1,
                        error))
    return -1;
  if (file && quilt_oci_update_is_given (&options)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "--resources can't be combined with other options for limits");
    return -1;
  }
  update = file ? read_resources (oci, file, error) : quilt_oci_update_read (&options, error);
  if (!update)
    return -1;
  container = quilt_oci_container_open (oci, oci->argv[1], TRUE, error);
  return container && apply (container, update, error) ? 0 : -1;
}
