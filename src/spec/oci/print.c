/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the OCI configuration, in the specification's order. spec/oci/parse.c reads it. */
#include "spec/oci/private.h"

#include "base/json.h"
#include "spec/capabilities.h"
#include "spec/rlimits.h"

static json_object *
print_user (const QuiltProcess *process)
{
  json_object *user = json_object_new_object ();
  json_object *gids = json_object_new_array ();

  json_object_object_add (user, "uid", json_object_new_uint64 (process->uid));
  json_object_object_add (user, "gid", json_object_new_uint64 (process->gid));
  if (process->umask >= 0)
    json_object_object_add (user, "umask", json_object_new_int64 (process->umask));
  for (guint i = 0; i < process->additional_gids->len; i++)
    json_object_array_add (
        gids, json_object_new_uint64 (g_array_index (process->additional_gids, guint32, i)));
  json_object_object_add (user, "additionalGids", gids);
  return user;
}

static json_object *
print_capability_set (guint64 mask)
{
  json_object *array = json_object_new_array ();

  for (guint i = 0; i < 64; i++)
    if (mask & 1ULL << i)
      json_object_array_add (array, json_object_new_string (quilt_capability_to_name (i)));
  return array;
}

static json_object *
print_capabilities (const QuiltCapabilities *capabilities)
{
  json_object *object = json_object_new_object ();

  for (const QuiltCapabilitySet *set = quilt_capability_sets; set->name; set++)
    json_object_object_add (
        object, set->name,
        print_capability_set (G_STRUCT_MEMBER (guint64, capabilities, set->offset)));
  return object;
}

static json_object *
print_console_size (const QuiltProcess *process)
{
  json_object *object = json_object_new_object ();

  json_object_object_add (object, "height", json_object_new_int (process->console_height));
  json_object_object_add (object, "width", json_object_new_int (process->console_width));
  return object;
}

static json_object *
print_process (const QuiltProcess *process)
{
  json_object *object = json_object_new_object ();

  if (process->terminal)
    json_object_object_add (object, "terminal", json_object_new_boolean (TRUE));
  if (process->has_console_size)
    json_object_object_add (object, "consoleSize", print_console_size (process));
  json_object_object_add (object, "user", print_user (process));
  quilt_oci_print_strv (object, "args", process->args);
  quilt_oci_print_strv (object, "env", process->env);
  quilt_oci_print_string (object, "cwd", process->cwd);
  if (process->has_capabilities)
    json_object_object_add (object, "capabilities", print_capabilities (&process->capabilities));
  if (process->rlimits->len > 0)
    json_object_object_add (object, "rlimits", quilt_rlimits_print (process->rlimits));
  json_object_object_add (object, "noNewPrivileges",
                          json_object_new_boolean (process->no_new_privileges));
  quilt_oci_print_string (object, "apparmorProfile", process->apparmor_profile);
  quilt_oci_print_string (object, "selinuxLabel", process->selinux_label);
  quilt_oci_print_scheduling (process, object);
  if (process->has_oom_score_adj)
    json_object_object_add (object, "oomScoreAdj", json_object_new_int64 (process->oom_score_adj));
  return object;
}

static json_object *
print_root (const QuiltSpec *spec)
{
  json_object *root = json_object_new_object ();

  quilt_oci_print_string (root, "path", spec->root_path);
  json_object_object_add (root, "readonly", json_object_new_boolean (spec->root_readonly));
  return root;
}

static json_object *
print_mounts (GPtrArray *mounts)
{
  json_object *array = json_object_new_array ();

  for (guint i = 0; i < mounts->len; i++) {
    const QuiltMount *mount = mounts->pdata[i];
    json_object *object = json_object_new_object ();

    quilt_oci_print_string (object, "destination", mount->destination);
    quilt_oci_print_string (object, "type", mount->type);
    quilt_oci_print_string (object, "source", mount->source);
    quilt_oci_print_strv (object, "options", mount->options);
    quilt_oci_print_id_maps (mount->uid_map, mount->gid_map, object);
    json_object_array_add (array, object);
  }
  return array;
}

static json_object *
print_table (GHashTable *table)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (table), (GCompareFunc)strcmp);
  json_object *object = json_object_new_object ();

  for (GList *key = keys; key; key = key->next)
    quilt_oci_print_string (object, key->data, g_hash_table_lookup (table, key->data));
  return object;
}

static void
print_namespace (json_object *array, guint type, const char *path)
{
  json_object *item = json_object_new_object ();

  for (const QuiltNamespaceName *ns = quilt_namespace_names; ns->name; ns++)
    if (ns->flag == type)
      quilt_oci_print_string (item, "type", ns->name);
  quilt_oci_print_string (item, "path", path);
  json_object_array_add (array, item);
}

static json_object *
print_namespaces (const QuiltSpec *spec)
{
  json_object *array = json_object_new_array ();

  for (const QuiltNamespaceName *ns = quilt_namespace_names; ns->name; ns++)
    if (spec->namespaces & ns->flag)
      print_namespace (array, ns->flag, NULL);
  for (guint i = 0; i < spec->joins->len; i++) {
    const QuiltNamespaceJoin *join = spec->joins->pdata[i];

    print_namespace (array, join->type, join->path);
  }
  return array;
}

static json_object *
print_linux (const QuiltSpec *spec)
{
  json_object *object = json_object_new_object ();

  json_object_object_add (object, "namespaces", print_namespaces (spec));
  quilt_oci_print_id_maps (spec->uid_map, spec->gid_map, object);
  quilt_oci_print_string (object, "mountLabel", spec->mount_label);
  quilt_oci_print_devices (spec, object);
  if (spec->resources)
    json_object_object_add (object, "resources", quilt_oci_resources_to_json (spec->resources));
  quilt_oci_print_string (object, "cgroupsPath", spec->cgroups_path);
  quilt_oci_print_kernel (spec, object);
  quilt_oci_print_strv (object, "maskedPaths", spec->masked_paths);
  quilt_oci_print_strv (object, "readonlyPaths", spec->readonly_paths);
  if (spec->seccomp)
    json_object_object_add (object, "seccomp", quilt_seccomp_to_json (spec->seccomp));
  if (g_hash_table_size (spec->sysctls) > 0)
    json_object_object_add (object, "sysctl", print_table (spec->sysctls));
  return object;
}

char *
quilt_spec_print (const QuiltSpec *spec, gboolean pretty)
{
  g_autoptr (json_object) object = json_object_new_object ();

  quilt_oci_print_string (object, "ociVersion", spec->oci_version);
  json_object_object_add (object, "process", print_process (&spec->process));
  json_object_object_add (object, "root", print_root (spec));
  quilt_oci_print_string (object, "hostname", spec->hostname);
  quilt_oci_print_string (object, "domainname", spec->domainname);
  json_object_object_add (object, "mounts", print_mounts (spec->mounts));
  quilt_oci_print_hooks (spec, object);
  if (g_hash_table_size (spec->annotations) > 0)
    json_object_object_add (object, "annotations", print_table (spec->annotations));
  json_object_object_add (object, "linux", print_linux (spec));
  return quilt_json_print (object, pretty);
}
