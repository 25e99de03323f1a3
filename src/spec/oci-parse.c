/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCI configuration from JSON: a table per object of runtime-spec 1.0 to 1.2, config.md and
 * config-linux.md. Every key is applied, refused by its path, or ignored for a written reason. */
#include "spec/oci-private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "spec/capabilities.h"

#include <string.h>

#define CONFIG_MAX (4 << 20)

#define UNSUPPORTED(key)                                                                           \
  {                                                                                                \
    key, QUILT_FIELD_ANY, quilt_field_unsupported                                                  \
  }
#define IGNORED(key, type, why)                                                                    \
  {                                                                                                \
    key, type, .reason = why                                                                       \
  }

const QuiltNamespaceName quilt_namespace_names[] = {
    {"pid", QUILT_NS_PID},
    {"network", QUILT_NS_NETWORK},
    {"mount", QUILT_NS_MOUNT},
    {"ipc", QUILT_NS_IPC},
    {"uts", QUILT_NS_UTS},
    {"cgroup", QUILT_NS_CGROUP},
    {NULL},
};

const QuiltCapabilitySet quilt_capability_sets[] = {
    {"bounding", G_STRUCT_OFFSET (QuiltCapabilities, bounding)},
    {"effective", G_STRUCT_OFFSET (QuiltCapabilities, effective)},
    {"inheritable", G_STRUCT_OFFSET (QuiltCapabilities, inheritable)},
    {"permitted", G_STRUCT_OFFSET (QuiltCapabilities, permitted)},
    {"ambient", G_STRUCT_OFFSET (QuiltCapabilities, ambient)},
    {NULL},
};

static gboolean
refuse (GError **error, const char *path, const char *why)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': %s", path,
               why);
  return FALSE;
}

static gboolean
require (gconstpointer value, const char *path, const char *key, GError **error)
{
  g_autofree char *full = g_strconcat (path, *path ? "." : "", key, NULL);

  return value ? TRUE : refuse (error, full, "is missing");
}

static gboolean
read_absolute (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (*json_object_get_string (value) != '/')
    return refuse (error, path, "must be an absolute path");
  return quilt_field_string (field, value, path, member, error);
}

static gboolean
read_nonempty (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (json_object_get_string_len (value) == 0)
    return refuse (error, path, "is empty");
  return quilt_field_string (field, value, path, member, error);
}

static gboolean
read_absolute_strv (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  char **strv;

  if (!quilt_field_strv (field, value, path, member, error))
    return FALSE;
  strv = *(char ***)member;
  for (gsize i = 0; strv[i]; i++)
    if (*strv[i] != '/') {
      g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

      return refuse (error, here, "must be an absolute path");
    }
  return TRUE;
}

static gboolean
read_env (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  char **strv;

  if (!quilt_field_strv (field, value, path, member, error))
    return FALSE;
  strv = *(char ***)member;
  for (gsize i = 0; strv[i]; i++)
    if (!strchr (strv[i], '=') || *strv[i] == '=') {
      g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

      return refuse (error, here, "must be NAME=VALUE");
    }
  return TRUE;
}

/* Each element of an array by read, which gets the path of the element. */
static gboolean
read_each (json_object *array,
           const char *path,
           gboolean (*read) (json_object *item, const char *path, void *target, GError **error),
           void *target,
           GError **error)
{
  for (gsize i = 0; i < json_object_array_length (array); i++) {
    g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

    if (!read (json_object_array_get_idx (array, i), here, target, error))
      return FALSE;
  }
  return TRUE;
}

/* What only a terminal has; quilt gives none yet. */
static gboolean
read_terminal (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!json_object_get_boolean (value))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Failed to read '%s': terminals are not supported yet", path);
  return FALSE;
}

/* (uid_t) -1 is "leave it" to the kernel. */
static gboolean
read_id (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  guint64 id;

  if (!quilt_field_uint64 (field, value, path, &id, error))
    return FALSE;
  if (id >= G_MAXUINT32)
    return refuse (error, path, "must be at most 4294967294");
  *(guint64 *)member = id;
  return TRUE;
}

static gboolean
read_gid (json_object *item, const char *path, void *target, GError **error)
{
  static const QuiltField field = {"", QUILT_FIELD_INT};
  guint64 id;
  guint32 gid;

  if (!read_id (&field, item, path, &id, error))
    return FALSE;
  gid = (guint32)id;
  g_array_append_val ((GArray *)target, gid);
  return TRUE;
}

static gboolean
read_gids (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_each (value, path, read_gid, *(GArray **)member, error);
}

static gboolean
read_umask (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 umask;

  if (!quilt_field_int64 (field, value, path, &umask, error))
    return FALSE;
  if (umask < 0 || umask > 0777)
    return refuse (error, path, "must be 0 to 511 (0777)");
  *(gint64 *)member = umask;
  return TRUE;
}

#define PROCESS(name) .offset = G_STRUCT_OFFSET (QuiltProcess, name)

static const QuiltField user_fields[] = {
    {"uid", QUILT_FIELD_INT, read_id, PROCESS (uid)},
    {"gid", QUILT_FIELD_INT, read_id, PROCESS (gid)},
    {"umask", QUILT_FIELD_INT, read_umask, PROCESS (umask)},
    {"additionalGids", QUILT_FIELD_ARRAY, read_gids, PROCESS (additional_gids)},
    UNSUPPORTED ("username"), /* Windows */
    {NULL},
};

static gboolean
read_user (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error)
{
  return quilt_json_read (user_fields, value, path, process, error);
}

static gboolean
read_capability (json_object *item, const char *path, void *target, GError **error)
{
  const char *name =
      json_object_is_type (item, json_type_string) ? json_object_get_string (item) : "";
  guint64 bit = quilt_capability_from_name (name);

  *(guint64 *)target |= bit;
  return bit ? TRUE : refuse (error, path, "must be a capability like 'CAP_CHOWN'");
}

static gboolean
read_capability_set (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_each (value, path, read_capability, member, error);
}

#define CAPABILITY_SET(key)                                                                        \
  {                                                                                                \
#key, QUILT_FIELD_ARRAY, read_capability_set, G_STRUCT_OFFSET(QuiltCapabilities, key)          \
  }

static const QuiltField capabilities_fields[] = {
    CAPABILITY_SET (bounding),    CAPABILITY_SET (effective), CAPABILITY_SET (permitted),
    CAPABILITY_SET (inheritable), CAPABILITY_SET (ambient),   {NULL},
};

static gboolean
read_capabilities (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltProcess *process = target;

  process->has_capabilities = TRUE;
  return quilt_json_read (capabilities_fields, value, path, &process->capabilities, error);
}

static gboolean
read_oom_score_adj (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltProcess *process = target;

  if (!quilt_field_int64 (field, value, path, &process->oom_score_adj, error))
    return FALSE;
  process->has_oom_score_adj = TRUE;
  return (process->oom_score_adj >= -1000 && process->oom_score_adj <= 1000) ||
         refuse (error, path, "must be -1000 to 1000");
}

static const QuiltField process_fields[] = {
    {"terminal", QUILT_FIELD_BOOL, read_terminal},
    IGNORED ("consoleSize", QUILT_FIELD_OBJECT, "the specification says so without a terminal"),
    {"user", QUILT_FIELD_OBJECT, read_user},
    {"args", QUILT_FIELD_ARRAY, quilt_field_strv, PROCESS (args)},
    {"env", QUILT_FIELD_ARRAY, read_env, PROCESS (env)},
    {"cwd", QUILT_FIELD_STRING, read_absolute, PROCESS (cwd)},
    {"capabilities", QUILT_FIELD_OBJECT, read_capabilities},
    {"noNewPrivileges", QUILT_FIELD_BOOL, quilt_field_bool, PROCESS (no_new_privileges)},
    {"oomScoreAdj", QUILT_FIELD_INT, read_oom_score_adj},
    UNSUPPORTED ("rlimits"),
    UNSUPPORTED ("apparmorProfile"),
    UNSUPPORTED ("selinuxLabel"),
    UNSUPPORTED ("scheduler"),
    UNSUPPORTED ("ioPriority"),
    UNSUPPORTED ("execCPUAffinity"),
    UNSUPPORTED ("commandLine"), /* Windows */
    {NULL},
};

static gboolean
read_process (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  QuiltProcess *process = member;

  if (!quilt_json_read (process_fields, value, path, process, error) ||
      !require (process->cwd, path, "cwd", error) || !require (process->args, path, "args", error))
    return FALSE;
  return (process->args[0] && *process->args[0]) ||
         refuse (error, "process.args", "names no program");
}

#define SPEC(name) .offset = G_STRUCT_OFFSET (QuiltSpec, name)

static const QuiltField root_fields[] = {
    {"path", QUILT_FIELD_STRING, read_nonempty, SPEC (root_path)},
    {"readonly", QUILT_FIELD_BOOL, quilt_field_bool, SPEC (root_readonly)},
    {NULL},
};

static gboolean
read_root (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_json_read (root_fields, value, path, spec, error) &&
         require (((QuiltSpec *)spec)->root_path, path, "path", error);
}

#define MOUNT(name) .offset = G_STRUCT_OFFSET (QuiltMount, name)

static const QuiltField mount_fields[] = {
    {"destination", QUILT_FIELD_STRING, read_absolute, MOUNT (destination)},
    {"type", QUILT_FIELD_STRING, quilt_field_string, MOUNT (type)},
    {"source", QUILT_FIELD_STRING, quilt_field_string, MOUNT (source)},
    {"options", QUILT_FIELD_ARRAY, quilt_field_strv, MOUNT (options)},
    UNSUPPORTED ("uidMappings"),
    UNSUPPORTED ("gidMappings"),
    {NULL},
};

static gboolean
read_mount (json_object *item, const char *path, void *mounts, GError **error)
{
  QuiltMount *mount = g_new0 (QuiltMount, 1);

  g_ptr_array_add (mounts, mount);
  return quilt_json_read (mount_fields, item, path, mount, error) &&
         require (mount->destination, path, "destination", error);
}

static gboolean
read_mounts (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_each (value, path, read_mount, *(GPtrArray **)member, error);
}

static gboolean
read_timeout (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_field_int64 (field, value, path, member, error) &&
         (*(gint64 *)member > 0 || refuse (error, path, "must be at least 1 s"));
}

#define HOOK(name) .offset = G_STRUCT_OFFSET (QuiltHook, name)

static const QuiltField hook_fields[] = {
    {"path", QUILT_FIELD_STRING, read_nonempty, HOOK (path)},
    {"args", QUILT_FIELD_ARRAY, quilt_field_strv, HOOK (args)},
    {"env", QUILT_FIELD_ARRAY, read_env, HOOK (env)},
    {"timeout", QUILT_FIELD_INT, read_timeout, HOOK (timeout)},
    {NULL},
};

static gboolean
read_hook (json_object *item, const char *path, void *hooks, GError **error)
{
  QuiltHook *hook = g_new0 (QuiltHook, 1);

  g_ptr_array_add (hooks, hook);
  return quilt_json_read (hook_fields, item, path, hook, error) &&
         require (hook->path, path, "path", error);
}

static gboolean
read_start_container (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_each (value, path, read_hook, *(GPtrArray **)member, error);
}

static const QuiltField hooks_fields[] = {
    {"startContainer", QUILT_FIELD_ARRAY, read_start_container, SPEC (start_container)},
    UNSUPPORTED ("prestart"),
    UNSUPPORTED ("createRuntime"),
    UNSUPPORTED ("createContainer"),
    UNSUPPORTED ("poststart"),
    UNSUPPORTED ("poststop"),
    {NULL},
};

static gboolean
read_hooks (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_json_read (hooks_fields, value, path, spec, error);
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
      return refuse (error, path, "a key is empty");
    if (!json_object_is_type (item, json_type_string))
      return refuse (error, here, "must be a string");
    g_hash_table_insert (annotations, g_strdup (key), g_strdup (json_object_get_string (item)));
  }
  return TRUE;
}

typedef struct {
  char *type;
} Namespace;

static const QuiltField namespace_fields[] = {
    {"type", QUILT_FIELD_STRING, quilt_field_string, G_STRUCT_OFFSET (Namespace, type)},
    UNSUPPORTED ("path"),
    {NULL},
};

static gboolean
read_namespace (json_object *item, const char *path, void *member, GError **error)
{
  g_autofree char *type = NULL;
  g_autofree char *quoted = NULL;
  const QuiltNamespaceName *ns = quilt_namespace_names;
  Namespace target = {NULL};
  gboolean ok = quilt_json_read (namespace_fields, item, path, &target, error);

  type = target.type;
  if (!ok || !require (type, path, "type", error))
    return FALSE;
  while (ns->name && !g_str_equal (ns->name, type))
    ns++;
  if (!ns->name) {
    quoted = quilt_text_quote (type);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to read '%s.type': '%s' namespaces are not supported", path, quoted);
    return FALSE;
  }
  if (*(guint *)member & ns->flag)
    return refuse (error, path, "this type is given twice");
  *(guint *)member |= ns->flag;
  return TRUE;
}

static gboolean
read_namespaces (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_each (value, path, read_namespace, member, error);
}

static const QuiltField linux_fields[] = {
    {"namespaces", QUILT_FIELD_ARRAY, read_namespaces, SPEC (namespaces)},
    {"maskedPaths", QUILT_FIELD_ARRAY, read_absolute_strv, SPEC (masked_paths)},
    {"readonlyPaths", QUILT_FIELD_ARRAY, read_absolute_strv, SPEC (readonly_paths)},
    IGNORED ("resources", QUILT_FIELD_OBJECT, "limits are properties of the scope, set by quiltd"),
    IGNORED ("cgroupsPath", QUILT_FIELD_STRING, "the cgroup is the one of the scope"),
    UNSUPPORTED ("uidMappings"),
    UNSUPPORTED ("gidMappings"),
    UNSUPPORTED ("timeOffsets"),
    UNSUPPORTED ("devices"),
    UNSUPPORTED ("netDevices"),
    UNSUPPORTED ("rootfsPropagation"),
    UNSUPPORTED ("seccomp"),
    UNSUPPORTED ("sysctl"),
    UNSUPPORTED ("mountLabel"),
    UNSUPPORTED ("intelRdt"),
    UNSUPPORTED ("memoryPolicy"),
    UNSUPPORTED ("personality"),
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

  if (!(g_str_has_prefix (text, "1.0.") || g_str_has_prefix (text, "1.1.") ||
        g_str_has_prefix (text, "1.2."))) {
    g_autofree char *quoted = quilt_text_quote (text);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to read '%s': version '%s' is not supported, only 1.0 to 1.2", path,
                 quoted);
    return FALSE;
  }
  return quilt_field_string (field, value, path, member, error);
}

static const QuiltField spec_fields[] = {
    {"ociVersion", QUILT_FIELD_STRING, read_version, SPEC (oci_version)},
    {"process", QUILT_FIELD_OBJECT, read_process, SPEC (process)},
    {"root", QUILT_FIELD_OBJECT, read_root},
    {"hostname", QUILT_FIELD_STRING, read_nonempty, SPEC (hostname)},
    UNSUPPORTED ("domainname"),
    {"mounts", QUILT_FIELD_ARRAY, read_mounts, SPEC (mounts)},
    {"hooks", QUILT_FIELD_OBJECT, read_hooks},
    {"annotations", QUILT_FIELD_OBJECT, read_annotations, SPEC (annotations)},
    {"linux", QUILT_FIELD_OBJECT, read_linux},
    UNSUPPORTED ("solaris"),
    UNSUPPORTED ("windows"),
    UNSUPPORTED ("vm"),
    UNSUPPORTED ("zos"),
    UNSUPPORTED ("freebsd"),
    {NULL},
};

/* Without these the host's own name and mount table would be changed. */
static gboolean
check_namespaces (const QuiltSpec *spec, GError **error)
{
  if (!(spec->namespaces & QUILT_NS_MOUNT))
    return refuse (error, "linux.namespaces", "needs one of type 'mount'");
  if (spec->hostname && !(spec->namespaces & QUILT_NS_UTS))
    return refuse (error, "hostname", "needs a namespace of type 'uts'");
  return TRUE;
}

QuiltSpec *
quilt_spec_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, CONFIG_MAX, error);
  g_autoptr (QuiltSpec) spec = quilt_spec_new ();

  if (!object || !quilt_json_read (spec_fields, object, "", spec, error) ||
      !require (spec->oci_version, "", "ociVersion", error) ||
      !require (spec->root_path, "", "root", error) ||
      !require (spec->process.args, "", "process", error) || !check_namespaces (spec, error))
    return NULL;
  return g_steal_pointer (&spec);
}
