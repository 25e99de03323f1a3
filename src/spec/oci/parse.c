/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the OCI configuration: one table per object of runtime-spec 1.0 to 1.2, config.md and
 * config-linux.md. Every key of these is applied, refused by its path, or ignored for the reason in
 * the table. Other keys are refused in Quilt's own configurations. In untrusted ones they are
 * ignored, with a warning. */
#include "spec/oci/private.h"

#include "base/error.h"
#include "base/text.h"

#define CONFIG_MAX (4 << 20)

const QuiltNamespaceName quilt_namespace_names[] = {
    {"pid", QUILT_NS_PID},   {"network", QUILT_NS_NETWORK}, {"mount", QUILT_NS_MOUNT},
    {"ipc", QUILT_NS_IPC},   {"uts", QUILT_NS_UTS},         {"cgroup", QUILT_NS_CGROUP},
    {"user", QUILT_NS_USER}, {"time", QUILT_NS_TIME},       {NULL},
};

#define SPEC(name) .offset = G_STRUCT_OFFSET (QuiltSpec, name)

static const QuiltField root_fields[] = {
    {"path", QUILT_FIELD_STRING, quilt_oci_read_nonempty, SPEC (root_path)},
    {"readonly", QUILT_FIELD_BOOL, quilt_field_bool, SPEC (root_readonly)},
    {NULL},
};

static gboolean
read_root (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_json_read (root_fields, value, path, spec, error) &&
         quilt_oci_require (((QuiltSpec *)spec)->root_path, path, "path", error);
}

#define MOUNT(name) .offset = G_STRUCT_OFFSET (QuiltMount, name)

static const QuiltField mount_fields[] = {
    {"destination", QUILT_FIELD_STRING, quilt_oci_read_absolute, MOUNT (destination)},
    {"type", QUILT_FIELD_STRING, quilt_field_string, MOUNT (type)},
    {"source", QUILT_FIELD_STRING, quilt_field_string, MOUNT (source)},
    {"options", QUILT_FIELD_ARRAY, quilt_field_strv, MOUNT (options)},
    {"uidMappings", QUILT_FIELD_ARRAY, quilt_oci_read_id_map, MOUNT (uid_map),
     .fields = quilt_oci_mapping_fields},
    {"gidMappings", QUILT_FIELD_ARRAY, quilt_oci_read_id_map, MOUNT (gid_map),
     .fields = quilt_oci_mapping_fields},
    {NULL},
};

static gboolean
read_mount (json_object *item, const char *path, void *mounts, GError **error)
{
  QuiltMount *mount = g_new0 (QuiltMount, 1);

  mount->uid_map = quilt_id_map_new ();
  mount->gid_map = quilt_id_map_new ();
  g_ptr_array_add (mounts, mount);
  if (!quilt_json_read (mount_fields, item, path, mount, error) ||
      !quilt_oci_require (mount->destination, path, "destination", error))
    return FALSE;
  return (mount->uid_map->len > 0) == (mount->gid_map->len > 0) ||
         quilt_oci_refuse (error, path, "needs both uidMappings and gidMappings, or neither");
}

static gboolean
read_mounts (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_mount, *(GPtrArray **)member, error);
}

/* Annotations of other runtimes, on whose effect their authors rely. All other annotations have no
 * effect. */
static const struct {
  const char *key, *why;
} refused_annotations[] = {
    {"run.oci.handler", "Quilt executes only programs of the container"},
    {"run.oci.pidfd_receiver", "Quilt does not send a pidfd"},
    {"run.oci.seccomp_bpf_data", "Quilt compiles the filter from linux.seccomp"},
    {"run.oci.seccomp.plugins", "Quilt does not load plug-ins"},
    {"run.oci.seccomp.receiver", "use linux.seccomp.listenerPath"},
    {"run.oci.systemd.force_cgroup_v1", "Quilt supports only cgroup version 2"},
    {"run.oci.timens_offset", "use linux.timeOffsets"},
};

static gboolean
check_annotation (const char *key, const char *path, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused_annotations); i++)
    if (g_str_equal (key, refused_annotations[i].key)) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                   "Failed to read '%s': it is not supported: %s", path,
                   refused_annotations[i].why);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_annotations (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  GHashTable *annotations = *(GHashTable **)member;

  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);

    if (!*key)
      return quilt_oci_refuse (error, path, "a key is empty");
    if (!json_object_is_type (item, json_type_string))
      return quilt_oci_refuse (error, here, "must be a string");
    if (!check_annotation (key, here, error))
      return FALSE;
    g_hash_table_insert (annotations, g_strdup (key), g_strdup (json_object_get_string (item)));
  }
  return TRUE;
}

typedef struct {
  char *type;
  char *path;
} Namespace;

/* Engines write an empty path, which counts as absent. */
static gboolean
read_namespace_path (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return json_object_get_string_len (value) == 0 ||
         quilt_oci_read_absolute (field, value, path, member, error);
}

static const QuiltField namespace_fields[] = {
    {"type", QUILT_FIELD_STRING, quilt_field_string, G_STRUCT_OFFSET (Namespace, type)},
    {"path", QUILT_FIELD_STRING, read_namespace_path, G_STRUCT_OFFSET (Namespace, path)},
    {NULL},
};

static gboolean
add_namespace (QuiltSpec *spec, const Namespace *target, const char *path, GError **error)
{
  const QuiltNamespaceName *ns = quilt_namespace_names;
  guint seen = spec->namespaces;

  while (ns->name && !g_str_equal (ns->name, target->type))
    ns++;
  if (!ns->name) {
    g_autofree char *quoted = quilt_text_quote (target->type);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to read '%s.type': '%s' namespaces are not supported", path, quoted);
    return FALSE;
  }
  for (guint i = 0; i < spec->joins->len; i++)
    seen |= ((const QuiltNamespaceJoin *)spec->joins->pdata[i])->type;
  if (seen & ns->flag)
    return quilt_oci_refuse (error, path, "this type is given twice");
  if (target->path)
    quilt_spec_join (spec, ns->flag, target->path);
  else
    spec->namespaces |= ns->flag;
  return TRUE;
}

static gboolean
read_namespace (json_object *item, const char *path, void *spec, GError **error)
{
  Namespace target = {NULL};
  gboolean ok = quilt_json_read (namespace_fields, item, path, &target, error) &&
                quilt_oci_require (target.type, path, "type", error) &&
                add_namespace (spec, &target, path, error);

  g_free (target.type);
  g_free (target.path);
  return ok;
}

static gboolean
read_namespaces (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_oci_read_each (value, path, read_namespace, spec, error);
}

static gboolean
read_seccomp (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  QuiltSeccomp *seccomp = quilt_seccomp_read (value, path, error);

  if (seccomp)
    *(QuiltSeccomp **)member = seccomp;
  return seccomp != NULL;
}

static const QuiltField linux_fields[] = {
    {"namespaces", QUILT_FIELD_ARRAY, read_namespaces, .fields = namespace_fields},
    {"maskedPaths", QUILT_FIELD_ARRAY, quilt_oci_read_absolute_strv, SPEC (masked_paths)},
    {"readonlyPaths", QUILT_FIELD_ARRAY, quilt_oci_read_absolute_strv, SPEC (readonly_paths)},
    {"resources", QUILT_FIELD_OBJECT, quilt_oci_read_resources, SPEC (resources),
     .fields = quilt_oci_resources_fields},
    {"cgroupsPath", QUILT_FIELD_STRING, quilt_field_string, SPEC (cgroups_path)},
    {"uidMappings", QUILT_FIELD_ARRAY, quilt_oci_read_id_map, SPEC (uid_map),
     .fields = quilt_oci_mapping_fields},
    {"gidMappings", QUILT_FIELD_ARRAY, quilt_oci_read_id_map, SPEC (gid_map),
     .fields = quilt_oci_mapping_fields},
    {"timeOffsets", QUILT_FIELD_OBJECT, quilt_oci_read_time_offsets,
     .fields = quilt_oci_offsets_fields},
    {"devices", QUILT_FIELD_ARRAY, quilt_oci_read_devices, SPEC (devices),
     .fields = quilt_oci_device_fields},
    {"netDevices", QUILT_FIELD_OBJECT, quilt_oci_read_net_devices, SPEC (net_devices),
     .fields = quilt_oci_net_device_fields, .by_name = TRUE},
    {"rootfsPropagation", QUILT_FIELD_STRING, quilt_oci_read_propagation,
     SPEC (rootfs_propagation)},
    {"seccomp", QUILT_FIELD_OBJECT, read_seccomp, SPEC (seccomp), .fields = quilt_seccomp_fields},
    {"sysctl", QUILT_FIELD_OBJECT, quilt_oci_read_sysctls, SPEC (sysctls)},
    {"mountLabel", QUILT_FIELD_STRING, quilt_oci_read_label, SPEC (mount_label)},
    QUILT_OCI_UNSUPPORTED ("intelRdt"),
    QUILT_OCI_UNSUPPORTED ("memoryPolicy"),
    {"personality", QUILT_FIELD_OBJECT, quilt_oci_read_personality, SPEC (personality),
     .fields = quilt_oci_personality_fields},
    {NULL},
};

static gboolean
read_linux (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_json_read (linux_fields, value, path, spec, error);
}

static gboolean
read_version (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);

  /* Accept later versions 1.x: they only add fields, and unknown fields are handled one by one. */
  if (!g_str_has_prefix (text, "1.") || !g_ascii_isdigit (text[2])) {
    g_autofree char *quoted = quilt_text_quote (text);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to read '%s': version '%s' is not supported, only 1.x", path, quoted);
    return FALSE;
  }
  return quilt_field_string (field, value, path, member, error);
}

/* Engines write an empty name, which counts as absent. */
static gboolean
read_domainname (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return json_object_get_string_len (value) == 0 ||
         quilt_field_string (field, value, path, member, error);
}

static const QuiltField spec_fields[] = {
    {"ociVersion", QUILT_FIELD_STRING, read_version, SPEC (oci_version)},
    {"process", QUILT_FIELD_OBJECT, quilt_oci_read_process, SPEC (process),
     .fields = quilt_oci_process_fields},
    {"root", QUILT_FIELD_OBJECT, read_root, .fields = root_fields},
    {"hostname", QUILT_FIELD_STRING, quilt_oci_read_nonempty, SPEC (hostname)},
    {"domainname", QUILT_FIELD_STRING, read_domainname, SPEC (domainname)},
    {"mounts", QUILT_FIELD_ARRAY, read_mounts, SPEC (mounts), .fields = mount_fields},
    {"hooks", QUILT_FIELD_OBJECT, quilt_oci_read_hooks, .fields = quilt_oci_hooks_fields},
    {"annotations", QUILT_FIELD_OBJECT, read_annotations, SPEC (annotations)},
    {"linux", QUILT_FIELD_OBJECT, read_linux, .fields = linux_fields},
    QUILT_OCI_UNSUPPORTED ("solaris"),
    QUILT_OCI_UNSUPPORTED ("windows"),
    QUILT_OCI_UNSUPPORTED ("vm"),
    QUILT_OCI_UNSUPPORTED ("zos"),
    QUILT_OCI_UNSUPPORTED ("freebsd"),
    {NULL},
};

/* Without these namespaces, the host's own name and mounts would be changed. */
static gboolean
check_namespaces (const QuiltSpec *spec, GError **error)
{
  if (!quilt_spec_leaves_host (spec, QUILT_NS_MOUNT))
    return quilt_oci_refuse (error, "linux.namespaces", "needs one of type 'mount'");
  if (quilt_spec_joins (spec, QUILT_NS_MOUNT) && quilt_spec_leaves_host (spec, QUILT_NS_USER))
    return quilt_oci_refuse (error, "linux.namespaces",
                             "a 'mount' namespace with a path can't be used with a 'user' "
                             "namespace, whose root has no rights in it; leave out one of the two");
  if (spec->hostname && !quilt_spec_leaves_host (spec, QUILT_NS_UTS))
    return quilt_oci_refuse (error, "hostname", "needs a namespace of type 'uts'");
  if (spec->domainname && !quilt_spec_leaves_host (spec, QUILT_NS_UTS))
    return quilt_oci_refuse (error, "domainname", "needs a namespace of type 'uts'");
  return quilt_oci_check_kernel (spec, error);
}

static QuiltSpec *
read_spec (json_object *object, GError **error)
{
  g_autoptr (QuiltSpec) spec = quilt_spec_new ();

  if (!quilt_json_read (spec_fields, object, "", spec, error) ||
      !quilt_oci_require (spec->oci_version, "", "ociVersion", error) ||
      !quilt_oci_require (spec->root_path, "", "root", error) ||
      !quilt_oci_require (spec->process.args, "", "process", error) ||
      !check_namespaces (spec, error) || !quilt_oci_check_ids (spec, error) ||
      !quilt_oci_check_sysctls (spec, error))
    return NULL;
  return g_steal_pointer (&spec);
}

QuiltSpec *
quilt_spec_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, CONFIG_MAX, error);

  return object ? read_spec (object, error) : NULL;
}

QuiltSpec *
quilt_spec_parse_lenient (const char *data, gsize length, char **ret_unknown, GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, CONFIG_MAX, error);

  if (!object)
    return NULL;
  *ret_unknown = quilt_oci_prune (spec_fields, object, "");
  return read_spec (object, error);
}
