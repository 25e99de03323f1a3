/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints seccomp as JSON. spec/seccomp/parse.c reads it. */
#include "spec/seccomp/words.h"

#include "base/json.h"
#include "spec/fields.h"

static json_object *
word_of (const QuiltSeccompWord *words, guint value)
{
  while (words->value != value)
    words++;
  return json_object_new_string (words->name);
}

static json_object *
print_arches (guint set)
{
  json_object *array = json_object_new_array ();

  for (guint i = 0; quilt_seccomp_arches[i].name; i++)
    if (set & 1U << i)
      json_object_array_add (array, json_object_new_string (quilt_seccomp_arches[i].name));
  return array;
}

static json_object *
print_flags (guint set)
{
  json_object *array = json_object_new_array ();

  for (const QuiltSeccompWord *flag = quilt_seccomp_flags; flag->name; flag++)
    if (set & flag->value)
      json_object_array_add (array, json_object_new_string (flag->name));
  return array;
}

static json_object *
print_args (const GArray *args)
{
  json_object *array = json_object_new_array ();

  for (guint i = 0; i < args->len; i++) {
    const QuiltSeccompArg *arg = &g_array_index (args, QuiltSeccompArg, i);
    json_object *item = json_object_new_object ();

    json_object_object_add (item, "index", json_object_new_uint64 (arg->index));
    json_object_object_add (item, "value", json_object_new_uint64 (arg->value));
    if (arg->value_two)
      json_object_object_add (item, "valueTwo", json_object_new_uint64 (arg->value_two));
    json_object_object_add (item, "op", word_of (quilt_seccomp_operators, arg->op));
    json_object_array_add (array, item);
  }
  return array;
}

static json_object *
print_rule (const QuiltSeccompRule *rule)
{
  json_object *object = json_object_new_object ();

  json_object_object_add (object, "names", quilt_json_new_strv ((const char *const *)rule->names));
  json_object_object_add (object, "action", word_of (quilt_seccomp_actions, rule->action));
  if (quilt_seccomp_action_has_errno (rule->action))
    json_object_object_add (object, "errnoRet", json_object_new_int ((int)rule->errno_ret));
  if (rule->args->len > 0)
    json_object_object_add (object, "args", print_args (rule->args));
  return object;
}

json_object *
quilt_seccomp_to_json (const QuiltSeccomp *seccomp)
{
  json_object *object = json_object_new_object ();
  json_object *rules = json_object_new_array ();

  json_object_object_add (object, "defaultAction",
                          word_of (quilt_seccomp_actions, seccomp->default_action));
  if (quilt_seccomp_action_has_errno (seccomp->default_action))
    json_object_object_add (object, "defaultErrnoRet",
                            json_object_new_int ((int)seccomp->default_errno_ret));
  if (seccomp->arches)
    json_object_object_add (object, "architectures", print_arches (seccomp->arches));
  if (seccomp->flags)
    json_object_object_add (object, "flags", print_flags (seccomp->flags));
  quilt_oci_print_string (object, "listenerPath", seccomp->listener_path);
  quilt_oci_print_string (object, "listenerMetadata", seccomp->listener_metadata);
  for (guint i = 0; i < seccomp->rules->len; i++)
    json_object_array_add (rules, print_rule (seccomp->rules->pdata[i]));
  json_object_object_add (object, "syscalls", rules);
  return object;
}
