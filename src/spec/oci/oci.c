/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership of the OCI configuration's values, and reading its annotations. */
#include "spec/oci/oci.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/options/devices.h"
#include "spec/rlimits.h"

static void
hook_free (gpointer data)
{
  QuiltHook *hook = data;

  g_free (hook->path);
  g_strfreev (hook->args);
  g_strfreev (hook->env);
  g_free (hook);
}

static void
mount_free (gpointer data)
{
  QuiltMount *mount = data;

  g_free (mount->destination);
  g_free (mount->type);
  g_free (mount->source);
  g_strfreev (mount->options);
  g_clear_pointer (&mount->uid_map, g_array_unref);
  g_clear_pointer (&mount->gid_map, g_array_unref);
  g_free (mount);
}

static void
net_device_free (gpointer data)
{
  QuiltNetDevice *device = data;

  g_free (device->name);
  g_free (device->new_name);
  g_free (device);
}

const char *
quilt_net_device_get_new_name (const QuiltNetDevice *device)
{
  return device->new_name ? device->new_name : device->name;
}

static void
join_free (gpointer data)
{
  QuiltNamespaceJoin *join = data;

  g_free (join->path);
  g_free (join);
}

void
quilt_spec_join (QuiltSpec *spec, QuiltNamespaces type, const char *path)
{
  QuiltNamespaceJoin *join = g_new0 (QuiltNamespaceJoin, 1);

  join->type = type;
  join->path = g_strdup (path);
  g_ptr_array_add (spec->joins, join);
}

gboolean
quilt_spec_joins (const QuiltSpec *spec, QuiltNamespaces type)
{
  for (guint i = 0; i < spec->joins->len; i++)
    if (((const QuiltNamespaceJoin *)spec->joins->pdata[i])->type == type)
      return TRUE;
  return FALSE;
}

gboolean
quilt_spec_builds_root (const QuiltSpec *spec)
{
  return quilt_spec_leaves_host (spec, QUILT_NS_MOUNT) && !spec->is_guest;
}

gboolean
quilt_spec_leaves_host (const QuiltSpec *spec, QuiltNamespaces type)
{
  return quilt_spec_joins (spec, type) || (spec->namespaces & type) != 0;
}

gboolean
quilt_spec_has_init (const QuiltSpec *spec)
{
  return g_strcmp0 (g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_INIT), "true") == 0;
}

void
quilt_process_init (QuiltProcess *process)
{
  *process = (QuiltProcess){.umask = -1};
  process->additional_gids = g_array_new (FALSE, TRUE, sizeof (guint32));
  process->rlimits = g_array_new (FALSE, TRUE, sizeof (QuiltRlimit));
}

void
quilt_process_clear (QuiltProcess *process)
{
  g_strfreev (process->args);
  g_strfreev (process->env);
  g_free (process->cwd);
  g_free (process->apparmor_profile);
  g_free (process->selinux_label);
  g_free (process->exec_cpus_initial);
  g_free (process->exec_cpus_final);
  g_array_unref (process->additional_gids);
  g_array_unref (process->rlimits);
}

QuiltSpec *
quilt_spec_new (void)
{
  QuiltSpec *spec = g_new0 (QuiltSpec, 1);

  quilt_process_init (&spec->process);
  spec->personality = -1;
  spec->net_devices = g_ptr_array_new_with_free_func (net_device_free);
  spec->uid_map = quilt_id_map_new ();
  spec->gid_map = quilt_id_map_new ();
  spec->mounts = g_ptr_array_new_with_free_func (mount_free);
  spec->prestart = g_ptr_array_new_with_free_func (hook_free);
  spec->create_runtime = g_ptr_array_new_with_free_func (hook_free);
  spec->create_container = g_ptr_array_new_with_free_func (hook_free);
  spec->start_container = g_ptr_array_new_with_free_func (hook_free);
  spec->poststart = g_ptr_array_new_with_free_func (hook_free);
  spec->poststop = g_ptr_array_new_with_free_func (hook_free);
  spec->sysctls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  spec->devices = quilt_devices_new ();
  spec->joins = g_ptr_array_new_with_free_func (join_free);
  spec->annotations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return spec;
}

void
quilt_spec_free (QuiltSpec *spec)
{
  if (!spec)
    return;
  g_free (spec->oci_version);
  g_free (spec->root_path);
  quilt_process_clear (&spec->process);
  g_free (spec->hostname);
  g_free (spec->domainname);
  g_ptr_array_unref (spec->net_devices);
  g_free (spec->rootfs_propagation);
  g_free (spec->mount_label);
  g_ptr_array_unref (spec->mounts);
  g_ptr_array_unref (spec->prestart);
  g_ptr_array_unref (spec->create_runtime);
  g_ptr_array_unref (spec->create_container);
  g_ptr_array_unref (spec->start_container);
  g_ptr_array_unref (spec->poststart);
  g_ptr_array_unref (spec->poststop);
  g_free (spec->cgroups_path);
  g_array_unref (spec->uid_map);
  g_array_unref (spec->gid_map);
  g_ptr_array_unref (spec->joins);
  g_array_unref (spec->devices);
  g_strfreev (spec->masked_paths);
  g_strfreev (spec->readonly_paths);
  quilt_seccomp_free (spec->seccomp);
  g_clear_pointer (&spec->filter, g_bytes_unref);
  g_hash_table_unref (spec->sysctls);
  g_hash_table_unref (spec->annotations);
  quilt_oci_resources_free (spec->resources);
  g_free (spec);
}

void
quilt_image_config_copy (QuiltImageConfig *copy, const QuiltImageConfig *config)
{
  copy->entrypoint = g_strdupv (config->entrypoint);
  copy->cmd = g_strdupv (config->cmd);
  copy->env = g_strdupv (config->env);
  copy->working_directory = g_strdup (config->working_directory);
  copy->stop_signal = g_strdup (config->stop_signal);
  copy->user = g_strdup (config->user);
}

void
quilt_image_config_clear (QuiltImageConfig *config)
{
  g_strfreev (config->entrypoint);
  g_strfreev (config->cmd);
  g_strfreev (config->env);
  g_free (config->working_directory);
  g_free (config->stop_signal);
  g_free (config->user);
  *config = (QuiltImageConfig){0};
}

gboolean
quilt_spec_annotation_uint64 (
    const QuiltSpec *spec, const char *key, guint64 fallback, guint64 *ret_value, GError **error)
{
  const char *text = g_hash_table_lookup (spec->annotations, key);
  guint64 value = fallback;

  if (text && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &value, NULL)) {
    g_autofree char *quoted = quilt_text_quote (text);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read 'annotations.%s': '%s' is not a decimal number", key, quoted);
    return FALSE;
  }
  *ret_value = value;
  return TRUE;
}
