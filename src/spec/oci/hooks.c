/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and prints the object "hooks" of the OCI configuration: config.md#posix-platform-hooks. */
#include "spec/oci/private.h"

#define SPEC(name) .offset = G_STRUCT_OFFSET (QuiltSpec, name)

static gboolean
read_timeout (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_field_int64 (field, value, path, member, error) &&
         (*(gint64 *)member > 0 || quilt_oci_refuse (error, path, "must be at least 1 s"));
}

#define HOOK(name) .offset = G_STRUCT_OFFSET (QuiltHook, name)
#define HOOK_FIELDS                                                                                \
  {"args", QUILT_FIELD_ARRAY, quilt_field_strv, HOOK (args)},                                      \
      {"env", QUILT_FIELD_ARRAY, quilt_oci_read_env, HOOK (env)},                                  \
  {                                                                                                \
    "timeout", QUILT_FIELD_INT, read_timeout, HOOK (timeout)                                       \
  }

static const QuiltField hook_fields[] = {
    {"path", QUILT_FIELD_STRING, quilt_oci_read_absolute, HOOK (path)},
    HOOK_FIELDS,
    {NULL},
};

/* A setup step. Its command is searched in the container's PATH. */
static const QuiltField step_fields[] = {
    {"path", QUILT_FIELD_STRING, quilt_oci_read_nonempty, HOOK (path)},
    HOOK_FIELDS,
    {NULL},
};

static gboolean
read_by (
    const QuiltField *fields, json_object *item, const char *path, GPtrArray *hooks, GError **error)
{
  QuiltHook *hook = g_new0 (QuiltHook, 1);

  g_ptr_array_add (hooks, hook);
  return quilt_json_read (fields, item, path, hook, error) &&
         quilt_oci_require (hook->path, path, "path", error);
}

static gboolean
read_hook (json_object *item, const char *path, void *hooks, GError **error)
{
  return read_by (hook_fields, item, path, hooks, error);
}

static gboolean
read_step (json_object *item, const char *path, void *hooks, GError **error)
{
  return read_by (step_fields, item, path, hooks, error);
}

static gboolean
read_each_hook (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_hook, *(GPtrArray **)member, error);
}

static gboolean
read_each_step (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_step, *(GPtrArray **)member, error);
}

/* In the order in which the kinds run. */
const QuiltField quilt_oci_hooks_fields[] = {
    {"prestart", QUILT_FIELD_ARRAY, read_each_hook, SPEC (prestart), .fields = hook_fields},
    {"createRuntime", QUILT_FIELD_ARRAY, read_each_hook, SPEC (create_runtime),
     .fields = hook_fields},
    {"createContainer", QUILT_FIELD_ARRAY, read_each_hook, SPEC (create_container),
     .fields = hook_fields},
    {"startContainer", QUILT_FIELD_ARRAY, read_each_step, SPEC (start_container),
     .fields = step_fields},
    {"poststart", QUILT_FIELD_ARRAY, read_each_hook, SPEC (poststart), .fields = hook_fields},
    {"poststop", QUILT_FIELD_ARRAY, read_each_hook, SPEC (poststop), .fields = hook_fields},
    {NULL},
};

gboolean
quilt_oci_read_hooks (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error)
{
  return quilt_json_read (quilt_oci_hooks_fields, value, path, spec, error);
}

static json_object *
print_hook (const QuiltHook *hook)
{
  json_object *object = json_object_new_object ();

  quilt_oci_print_string (object, "path", hook->path);
  quilt_oci_print_strv (object, "args", hook->args);
  quilt_oci_print_strv (object, "env", hook->env);
  if (hook->timeout > 0)
    json_object_object_add (object, "timeout", json_object_new_int64 (hook->timeout));
  return object;
}

void
quilt_oci_print_hooks (const QuiltSpec *spec, json_object *top)
{
  json_object *object = json_object_new_object ();

  for (const QuiltField *kind = quilt_oci_hooks_fields; kind->name; kind++) {
    const GPtrArray *hooks = G_STRUCT_MEMBER (GPtrArray *, spec, kind->offset);
    json_object *array = hooks->len > 0 ? json_object_new_array () : NULL;

    for (guint i = 0; i < hooks->len; i++)
      json_object_array_add (array, print_hook (hooks->pdata[i]));
    if (array)
      json_object_object_add (object, kind->name, array);
  }
  if (json_object_object_length (object) > 0)
    json_object_object_add (top, "hooks", object);
  else
    json_object_put (object);
}
