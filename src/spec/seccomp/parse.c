/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads linux.seccomp (config-linux.md#seccomp), and profiles, which have more keys. */
#include "spec/seccomp/words.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "spec/capabilities.h"
#include "spec/fields.h"

#include <stdio.h>
#include <string.h>

/* MAX_ERRNO of the kernel, which would cut larger numbers. */
#define ERRNO_LIMIT 4095
/* Longer than any system call's name. */
#define NAME_LIMIT 64
#define N_ARGS 6

static gboolean
refuse_word (GError **error, const char *path, const char *word, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (word);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': '%s' %s",
               path, quoted, why);
  return FALSE;
}

static const char *
text_of (json_object *value)
{
  return json_object_is_type (value, json_type_string) ? json_object_get_string (value) : "";
}

static gboolean
read_word (json_object *value,
           const char *path,
           const QuiltSeccompWord *words,
           const char *why,
           guint *ret_value,
           GError **error)
{
  for (; words->name; words++)
    if (g_str_equal (words->name, text_of (value))) {
      *ret_value = words->value;
      return TRUE;
    }
  return refuse_word (error, path, text_of (value), why);
}

/* In profiles, null means absent. */
static gboolean
is_absent (json_object *value)
{
  return json_object_is_type (value, json_type_null);
}

static gboolean
read_action (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_word (value, path, quilt_seccomp_actions, "is not an action such as 'SCMP_ACT_ERRNO'",
                    member, error);
}

/* A number that records whether it was given. */
typedef struct {
  gboolean given;
  guint value;
} Errno;

static gboolean
set_errno (Errno *number, guint value, const char *path, GError **error)
{
  if (number->given && number->value != value)
    return quilt_oci_refuse (error, path, "contradicts the errno of an earlier key");
  *number = (Errno){TRUE, value};
  return TRUE;
}

static gboolean
read_errno (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  guint64 number;

  if (is_absent (value))
    return TRUE;
  if (!quilt_field_uint64 (field, value, path, &number, error))
    return FALSE;
  if (number > ERRNO_LIMIT)
    return quilt_oci_refuse (error, path, "must be 0 to 4095");
  return set_errno (member, (guint)number, path, error);
}

/* A name like "EPERM", in addition to the number or instead of it. */
static gboolean
read_errno_name (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *name = json_object_get_string (value);

  if (!*name)
    return TRUE;
  for (int number = 1; number < 256; number++)
    if (g_strcmp0 (strerrorname_np (number), name) == 0)
      return set_errno (member, (guint)number, path, error);
  return refuse_word (error, path, name, "is not an error such as 'EPERM'");
}

static gboolean
take_errno (const Errno *number,
            QuiltSeccompAction action,
            const char *path,
            const char *key,
            guint *ret_errno,
            GError **error)
{
  g_autofree char *here = g_strconcat (path, *path ? "." : "", key, NULL);

  if (!number->given)
    return TRUE;
  if (!quilt_seccomp_action_has_errno (action) && number->value != QUILT_SECCOMP_ERRNO_DEFAULT)
    return quilt_oci_refuse (error, here, "its action returns no errno");
  if (quilt_seccomp_action_has_errno (action))
    *ret_errno = number->value;
  return TRUE;
}

#define ARG(name) .offset = G_STRUCT_OFFSET (QuiltSeccompArg, name)

static gboolean
read_operator (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return read_word (value, path, quilt_seccomp_operators,
                    "is not an operator such as 'SCMP_CMP_EQ'", member, error);
}

static gboolean
read_index (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!quilt_field_uint64 (field, value, path, member, error))
    return FALSE;
  return *(guint64 *)member < N_ARGS || quilt_oci_refuse (error, path, "must be 0 to 5");
}

static const QuiltField arg_fields[] = {
    {"index", QUILT_FIELD_INT, read_index, ARG (index)},
    {"value", QUILT_FIELD_INT, quilt_field_uint64, ARG (value)},
    {"valueTwo", QUILT_FIELD_INT, quilt_field_uint64, ARG (value_two)},
    {"op", QUILT_FIELD_STRING, read_operator, ARG (op)},
    {NULL},
};

static gboolean
read_arg (json_object *item, const char *path, void *args, GError **error)
{
  QuiltSeccompArg arg = {.index = N_ARGS, .op = QUILT_SECCOMP_N_OPERATORS};

  if (!quilt_json_read (arg_fields, item, path, &arg, error) ||
      !quilt_oci_require (arg.index < N_ARGS ? "" : NULL, path, "index", error) ||
      !quilt_oci_require (arg.op < QUILT_SECCOMP_N_OPERATORS ? "" : NULL, path, "op", error))
    return FALSE;
  g_array_append_val ((GArray *)args, arg);
  return TRUE;
}

static gboolean
read_args (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (is_absent (value))
    return TRUE;
  if (!json_object_is_type (value, json_type_array))
    return quilt_oci_refuse (error, path, "must be an array");
  return quilt_oci_read_each (value, path, read_arg, *(GArray **)member, error);
}

static gboolean
read_arch (json_object *item, const char *path, void *set, GError **error)
{
  int arch = quilt_seccomp_arch_find (text_of (item));

  if (arch < 0)
    return refuse_word (error, path, text_of (item),
                        "is not an architecture such as 'SCMP_ARCH_X86_64' or 'amd64'");
  *(guint *)set |= 1U << arch;
  return TRUE;
}

static gboolean
read_arches (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (is_absent (value))
    return TRUE;
  if (!json_object_is_type (value, json_type_array))
    return quilt_oci_refuse (error, path, "must be an array");
  return quilt_oci_read_each (value, path, read_arch, member, error);
}

static gboolean
read_cap (json_object *item, const char *path, void *set, GError **error)
{
  guint64 bit = quilt_capability_from_name (text_of (item));

  *(guint64 *)set |= bit;
  return bit ? TRUE
             : refuse_word (error, path, text_of (item), "is not a capability such as 'CAP_CHOWN'");
}

static gboolean
read_caps (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_cap, member, error);
}

static gboolean
read_kernel (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);
  guint major, minor;
  int end = -1;

  if (sscanf (text, "%4u.%4u%n", &major, &minor, &end) != 2 || end < 0 || text[end] ||
      !g_ascii_isdigit (*text))
    return refuse_word (error, path, text, "is not a version such as '4.8'");
  *(guint *)member = major << 16 | minor;
  return TRUE;
}

#define CONDITION(name) .offset = G_STRUCT_OFFSET (QuiltSeccompCondition, name)

static const QuiltField condition_fields[] = {
    {"caps", QUILT_FIELD_ARRAY, read_caps, CONDITION (caps)},
    {"arches", QUILT_FIELD_ARRAY, read_arches, CONDITION (arches)},
    {"minKernel", QUILT_FIELD_STRING, read_kernel, CONDITION (kernel)},
    {NULL},
};

static gboolean
read_condition (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return is_absent (value) || quilt_json_read (condition_fields, value, path, member, error);
}

static gboolean
check_name (const char *name)
{
  return *name && strlen (name) < NAME_LIMIT &&
         strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen (name);
}

static gboolean
read_names (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!quilt_field_strv (field, value, path, member, error))
    return FALSE;
  for (char **name = *(char ***)member; *name; name++)
    if (!check_name (*name))
      return refuse_word (error, path, *name, "is not the name of a system call");
  return TRUE;
}

/* Used while the keys of a rule are read. */
typedef struct {
  QuiltSeccompRule *rule;
  char **names;
  char *name;
  guint action;
  Errno number;
  GArray *args;
  QuiltSeccompCondition includes, excludes;
} Rule;

#define RULE(name) .offset = G_STRUCT_OFFSET (Rule, name)
#define RULE_FIELDS                                                                                \
  {"names", QUILT_FIELD_ARRAY, read_names, RULE (names)},                                          \
      {"action", QUILT_FIELD_STRING, read_action, RULE (action)},                                  \
      {"errnoRet", QUILT_FIELD_ANY, read_errno, RULE (number)},                                    \
  {                                                                                                \
    "args", QUILT_FIELD_ANY, read_args, RULE (args), .fields = arg_fields                          \
  }

static const QuiltField rule_fields[] = {
    RULE_FIELDS,
    {NULL},
};

static const QuiltField profile_rule_fields[] = {
    RULE_FIELDS,
    {"name", QUILT_FIELD_STRING, quilt_field_string, RULE (name)},
    {"errno", QUILT_FIELD_STRING, read_errno_name, RULE (number)},
    {"includes", QUILT_FIELD_ANY, read_condition, RULE (includes)},
    {"excludes", QUILT_FIELD_ANY, read_condition, RULE (excludes)},
    QUILT_OCI_IGNORED ("comment", QUILT_FIELD_ANY, "it is a comment for readers"),
    {NULL},
};

/* Old profiles have the singular "name". */
static gboolean
take_names (Rule *data, const char *path, GError **error)
{
  g_autofree char *here = g_strconcat (path, ".name", NULL);
  char *const one[] = {data->name, NULL};

  if (data->names && data->names[0] && data->name && *data->name)
    return quilt_oci_refuse (error, here, "must not be given together with 'names'");
  if (data->name && *data->name) {
    g_strfreev (data->rule->names);
    data->rule->names = data->names = g_strdupv ((char **)one);
    if (!check_name (data->name))
      return refuse_word (error, here, data->name, "is not the name of a system call");
  }
  if (!data->names || !data->names[0])
    return quilt_oci_require (NULL, path, "names", error);
  return TRUE;
}

static gboolean
read_rule_with (const QuiltField *fields,
                json_object *item,
                const char *path,
                QuiltSeccomp *seccomp,
                GError **error)
{
  QuiltSeccompRule *rule = quilt_seccomp_add_rule (seccomp);
  Rule data = {.rule = rule, .action = QUILT_SECCOMP_N_ACTIONS, .args = rule->args};
  gboolean ok = quilt_json_read (fields, item, path, &data, error);
  g_autofree char *name = data.name;

  rule->names = data.names;
  if (!ok || !take_names (&data, path, error) ||
      !quilt_oci_require (data.action < QUILT_SECCOMP_N_ACTIONS ? "" : NULL, path, "action",
                          error) ||
      !take_errno (&data.number, data.action, path, "errnoRet", &rule->errno_ret, error))
    return FALSE;
  rule->action = data.action;
  rule->includes = data.includes;
  rule->excludes = data.excludes;
  return TRUE;
}

static gboolean
read_rule (json_object *item, const char *path, void *seccomp, GError **error)
{
  return read_rule_with (rule_fields, item, path, seccomp, error);
}

static gboolean
read_profile_rule (json_object *item, const char *path, void *seccomp, GError **error)
{
  return read_rule_with (profile_rule_fields, item, path, seccomp, error);
}

static gboolean
read_flag (json_object *item, const char *path, void *set, GError **error)
{
  guint flag = 0;

  if (!read_word (item, path, quilt_seccomp_flags, "is not a flag that Quilt supports", &flag,
                  error))
    return FALSE;
  *(guint *)set |= flag;
  return TRUE;
}

static gboolean
read_flags (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_flag, member, error);
}

static const QuiltField map_fields[] = {
    {"architecture", QUILT_FIELD_ANY, NULL, .reason = "read before"},
    {"subArchitectures", QUILT_FIELD_ANY, read_arches,
     G_STRUCT_OFFSET (QuiltSeccompArchMap, sub_arches)},
    {NULL},
};

static gboolean
read_map (json_object *item, const char *path, void *array, GError **error)
{
  g_autofree char *here = g_strconcat (path, ".architecture", NULL);
  QuiltSeccompArchMap map = {0};
  json_object *arch = NULL;
  guint set = 0;

  if (!quilt_json_read (map_fields, item, path, &map, error) ||
      !quilt_oci_require (json_object_object_get_ex (item, "architecture", &arch) && arch ? arch
                                                                                          : NULL,
                          path, "architecture", error) ||
      !read_arch (arch, here, &set, error))
    return FALSE;
  map.arch = (guint)g_bit_nth_lsf (set, -1);
  g_array_append_val ((GArray *)array, map);
  return TRUE;
}

static gboolean
read_arch_map (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_map, *(GArray **)member, error);
}

/* Used while the keys of the object are read. */
typedef struct {
  QuiltSeccomp *seccomp;
  guint action;
  Errno number;
  guint arches, flags;
  GArray *arch_map;
} Whole;

static gboolean
read_rules (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return is_absent (value) ||
         quilt_oci_read_each (value, path, read_rule, *(QuiltSeccomp **)member, error);
}

static gboolean
read_profile_rules (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!json_object_is_type (value, json_type_array))
    return is_absent (value) || quilt_oci_refuse (error, path, "must be an array");
  return quilt_oci_read_each (value, path, read_profile_rule, *(QuiltSeccomp **)member, error);
}

/* Engines write an empty path, which counts as absent. */
static gboolean
read_listener_path (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return json_object_get_string_len (value) == 0 ||
         quilt_oci_read_absolute (field, value, path, &(*(QuiltSeccomp **)member)->listener_path,
                                  error);
}

static gboolean
read_listener_metadata (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return json_object_get_string_len (value) == 0 ||
         quilt_field_string (field, value, path, &(*(QuiltSeccomp **)member)->listener_metadata,
                             error);
}

#define WHOLE(name) .offset = G_STRUCT_OFFSET (Whole, name)
#define WHOLE_FIELDS                                                                               \
  {"defaultAction", QUILT_FIELD_STRING, read_action, WHOLE (action)},                              \
      {"defaultErrnoRet", QUILT_FIELD_ANY, read_errno, WHOLE (number)},                            \
      {"architectures", QUILT_FIELD_ANY, read_arches, WHOLE (arches)},                             \
  {                                                                                                \
    "flags", QUILT_FIELD_ARRAY, read_flags, WHOLE (flags)                                          \
  }

const QuiltField quilt_seccomp_fields[] = {
    WHOLE_FIELDS,
    {"syscalls", QUILT_FIELD_ARRAY, read_rules, WHOLE (seccomp), .fields = rule_fields},
    {"listenerPath", QUILT_FIELD_STRING, read_listener_path, WHOLE (seccomp)},
    {"listenerMetadata", QUILT_FIELD_STRING, read_listener_metadata, WHOLE (seccomp)},
    {NULL},
};

static const QuiltField profile_fields[] = {
    WHOLE_FIELDS,
    {"syscalls", QUILT_FIELD_ANY, read_profile_rules, WHOLE (seccomp)},
    {"archMap", QUILT_FIELD_ARRAY, read_arch_map, WHOLE (arch_map)},
    QUILT_OCI_UNSUPPORTED ("listenerPath"),
    QUILT_OCI_UNSUPPORTED ("listenerMetadata"),
    {"defaultErrno", QUILT_FIELD_STRING, read_errno_name, WHOLE (number)},
    QUILT_OCI_IGNORED ("comment", QUILT_FIELD_ANY, "it is a comment for readers"),
    {NULL},
};

static QuiltSeccomp *
read_whole (const QuiltField *fields, json_object *object, const char *path, GError **error)
{
  g_autoptr (QuiltSeccomp) seccomp = quilt_seccomp_new ();
  Whole data = {
      .seccomp = seccomp, .action = QUILT_SECCOMP_N_ACTIONS, .arch_map = seccomp->arch_map};

  if (!quilt_json_read (fields, object, path, &data, error) ||
      !quilt_oci_require (data.action < QUILT_SECCOMP_N_ACTIONS ? "" : NULL, path, "defaultAction",
                          error) ||
      !take_errno (&data.number, data.action, path, "defaultErrnoRet", &seccomp->default_errno_ret,
                   error))
    return NULL;
  if (data.action == QUILT_SECCOMP_NOTIFY ||
      (quilt_seccomp_notifies (seccomp) && !seccomp->listener_path)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to read '%s': 'SCMP_ACT_NOTIFY' is not supported as the default action, "
                 "or without a listenerPath: no program would answer the notifications",
                 path);
    return NULL;
  }
  if (seccomp->listener_metadata && !seccomp->listener_path) {
    quilt_oci_require (NULL, path, "listenerPath", error);
    return NULL;
  }
  if (data.arches && data.arch_map->len > 0) {
    quilt_oci_refuse (error, "archMap", "must not be given together with 'architectures'");
    return NULL;
  }
  seccomp->default_action = data.action;
  seccomp->arches = data.arches;
  seccomp->flags = data.flags;
  return g_steal_pointer (&seccomp);
}

QuiltSeccomp *
quilt_seccomp_read (json_object *object, const char *path, GError **error)
{
  return read_whole (quilt_seccomp_fields, object, path, error);
}

QuiltSeccomp *
quilt_seccomp_profile_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (json_object) object =
      quilt_json_parse (text, length, QUILT_SECCOMP_PROFILE_MAX, error);
  g_autoptr (QuiltSeccomp) profile = object ? read_whole (profile_fields, object, "", error) : NULL;

  if (!profile)
    g_prefix_error (error, "Failed to use the seccomp profile: ");
  return g_steal_pointer (&profile);
}
