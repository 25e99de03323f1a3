/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the object "process" of the OCI configuration: config.md#process. */
#include "spec/oci/private.h"

#include "base/error.h"
#include "spec/capabilities.h"
#include "spec/labels.h"
#include "spec/rlimits.h"

const QuiltCapabilitySet quilt_capability_sets[] = {
    {"bounding", G_STRUCT_OFFSET (QuiltCapabilities, bounding)},
    {"effective", G_STRUCT_OFFSET (QuiltCapabilities, effective)},
    {"inheritable", G_STRUCT_OFFSET (QuiltCapabilities, inheritable)},
    {"permitted", G_STRUCT_OFFSET (QuiltCapabilities, permitted)},
    {"ambient", G_STRUCT_OFFSET (QuiltCapabilities, ambient)},
    {NULL},
};

typedef struct {
  gint64 width, height;
} ConsoleSize;

#define CONSOLE(name) .offset = G_STRUCT_OFFSET (ConsoleSize, name)

static const QuiltField console_fields[] = {
    {"height", QUILT_FIELD_INT, quilt_field_int64, CONSOLE (height)},
    {"width", QUILT_FIELD_INT, quilt_field_int64, CONSOLE (width)},
    {NULL},
};

static gboolean
read_console_size (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltProcess *process = target;
  ConsoleSize size = {-1, -1};

  if (!quilt_json_read (console_fields, value, path, &size, error))
    return FALSE;
  if (size.width < 0 || size.width > G_MAXUINT16 || size.height < 0 || size.height > G_MAXUINT16)
    return quilt_oci_refuse (error, path, "needs height and width, each 0 to 65535");
  process->has_console_size = TRUE;
  process->console_width = (guint16)size.width;
  process->console_height = (guint16)size.height;
  return TRUE;
}

/* To the kernel, (uid_t) -1 means "unchanged". */
static gboolean
read_id (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  guint64 id;

  if (!quilt_field_uint64 (field, value, path, &id, error))
    return FALSE;
  if (id >= G_MAXUINT32)
    return quilt_oci_refuse (error, path, "must be at most 4294967294");
  *(guint64 *)member = id;
  return TRUE;
}

static gboolean
read_gid (json_object *item, const char *path, void *target, GError **error)
{
  static const QuiltField field = {"", QUILT_FIELD_INT};
  guint64 id = 0;
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
  return quilt_oci_read_each (value, path, read_gid, *(GArray **)member, error);
}

static gboolean
read_umask (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  gint64 umask;

  if (!quilt_field_int64 (field, value, path, &umask, error))
    return FALSE;
  if (umask < 0 || umask > 0777)
    return quilt_oci_refuse (error, path, "must be 0 to 511 (0777)");
  *(gint64 *)member = umask;
  return TRUE;
}

#define PROCESS(name) .offset = G_STRUCT_OFFSET (QuiltProcess, name)

static const QuiltField user_fields[] = {
    {"uid", QUILT_FIELD_INT, read_id, PROCESS (uid)},
    {"gid", QUILT_FIELD_INT, read_id, PROCESS (gid)},
    {"umask", QUILT_FIELD_INT, read_umask, PROCESS (umask)},
    {"additionalGids", QUILT_FIELD_ARRAY, read_gids, PROCESS (additional_gids)},
    QUILT_OCI_IGNORED ("username", QUILT_FIELD_STRING, "only Windows uses it"),
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
  return bit ? TRUE : quilt_oci_refuse (error, path, "must be a capability like 'CAP_CHOWN'");
}

static gboolean
read_capability_set (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_capability, member, error);
}

static gboolean
is_capability (const char *word)
{
  return quilt_capability_from_name (word) != 0;
}

#define SET(name)                                                                                  \
  QUILT_FIELD_ARRAY, read_capability_set, G_STRUCT_OFFSET (QuiltCapabilities, name),               \
      .knows = is_capability

static const QuiltField capabilities_fields[] = {
    {"bounding", SET (bounding)},   {"effective", SET (effective)},
    {"permitted", SET (permitted)}, {"inheritable", SET (inheritable)},
    {"ambient", SET (ambient)},     {NULL},
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
         quilt_oci_refuse (error, path, "must be -1000 to 1000");
}

static gboolean
read_rlimits (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, quilt_rlimit_read, *(GArray **)member, error);
}

static gboolean
read_profile (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *name = json_object_get_string (value);

  if (*name && !quilt_apparmor_name_check (name, NULL))
    return quilt_oci_refuse (error, path, "must be the name of an AppArmor profile");
  return quilt_field_string (field, value, path, member, error);
}

const QuiltField quilt_oci_process_fields[] = {
    {"terminal", QUILT_FIELD_BOOL, quilt_field_bool, PROCESS (terminal)},
    {"consoleSize", QUILT_FIELD_OBJECT, read_console_size, .fields = console_fields},
    {"user", QUILT_FIELD_OBJECT, read_user, .fields = user_fields},
    {"args", QUILT_FIELD_ARRAY, quilt_field_strv, PROCESS (args)},
    {"env", QUILT_FIELD_ARRAY, quilt_oci_read_env, PROCESS (env)},
    {"cwd", QUILT_FIELD_STRING, quilt_oci_read_absolute, PROCESS (cwd)},
    {"capabilities", QUILT_FIELD_OBJECT, read_capabilities, .fields = capabilities_fields},
    {"noNewPrivileges", QUILT_FIELD_BOOL, quilt_field_bool, PROCESS (no_new_privileges)},
    {"oomScoreAdj", QUILT_FIELD_INT, read_oom_score_adj},
    {"rlimits", QUILT_FIELD_ARRAY, read_rlimits, PROCESS (rlimits), .fields = quilt_rlimit_fields},
    {"apparmorProfile", QUILT_FIELD_STRING, read_profile, PROCESS (apparmor_profile)},
    {"selinuxLabel", QUILT_FIELD_STRING, quilt_oci_read_label, PROCESS (selinux_label)},
    {"scheduler", QUILT_FIELD_OBJECT, quilt_oci_read_scheduler,
     .fields = quilt_oci_scheduler_fields},
    {"ioPriority", QUILT_FIELD_OBJECT, quilt_oci_read_io_priority,
     .fields = quilt_oci_io_priority_fields},
    {"execCPUAffinity", QUILT_FIELD_OBJECT, quilt_oci_read_affinity,
     .fields = quilt_oci_affinity_fields},
    QUILT_OCI_IGNORED ("commandLine", QUILT_FIELD_STRING, "only Windows uses it"),
    {NULL},
};

gboolean
quilt_oci_read_process (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  QuiltProcess *process = member;

  if (!quilt_json_read (quilt_oci_process_fields, value, path, process, error) ||
      !quilt_oci_require (process->cwd, path, "cwd", error) ||
      !quilt_oci_require (process->args, path, "args", error))
    return FALSE;
  return (process->args[0] && *process->args[0]) ||
         quilt_oci_refuse (error, "process.args", "must name a program");
}

gboolean
quilt_spec_replace_process (
    QuiltSpec *spec, const char *data, gsize length, char **ret_unknown, GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, QUILT_PROCESS_SIZE_MAX, error);
  QuiltProcess old = spec->process;

  if (!object)
    return FALSE;
  *ret_unknown = quilt_oci_prune (quilt_oci_process_fields, object, "process");
  quilt_process_init (&spec->process);
  if (quilt_oci_read_process (NULL, object, "process", &spec->process, error) &&
      quilt_oci_check_ids (spec, error)) {
    quilt_process_clear (&old);
    return TRUE;
  }
  quilt_process_clear (&spec->process);
  spec->process = old;
  return FALSE;
}
