/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scheduling of processes in the object "process" of the OCI configuration: scheduler,
 * ioPriority and execCPUAffinity (config.md#linux-process). */
#include "spec/oci/private.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/options/resources.h"

#include <linux/ioprio.h>
#include <linux/sched.h>

typedef struct {
  const char *name; /* NULL ends the table */
  guint value;
} Word;

static const Word policies[] = {
    {"SCHED_OTHER", SCHED_NORMAL},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
    {NULL},
};

static const Word flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
    {NULL},
};

static const Word classes[] = {
    {"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
    {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
    {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
    {NULL},
};

static const Word *
find_word (const Word *words, json_object *value, const char *path, GError **error)
{
  const char *name =
      json_object_is_type (value, json_type_string) ? json_object_get_string (value) : "";
  g_autofree char *quoted = quilt_text_quote (name);

  for (; words->name; words++)
    if (g_str_equal (words->name, name))
      return words;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read '%s': '%s' is not a name that Linux knows here", path, quoted);
  return NULL;
}

static gboolean
read_policy (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const Word *word = find_word (policies, value, path, error);

  if (word)
    *(gint64 *)member = word->value;
  return word != NULL;
}

static gboolean
read_class (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const Word *word = find_word (classes, value, path, error);

  if (word)
    *(gint64 *)member = word->value;
  return word != NULL;
}

static gboolean
read_flag (json_object *item, const char *path, void *target, GError **error)
{
  const Word *word = find_word (flags, item, path, error);

  if (word)
    *(guint64 *)target |= word->value;
  return word != NULL;
}

static gboolean
read_flags (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_oci_read_each (value, path, read_flag, member, error);
}

#define SCHEDULER(name) .offset = G_STRUCT_OFFSET (QuiltScheduler, name)

const QuiltField quilt_oci_scheduler_fields[] = {
    {"policy", QUILT_FIELD_STRING, read_policy, SCHEDULER (policy)},
    {"nice", QUILT_FIELD_INT, quilt_field_int64, SCHEDULER (nice)},
    {"priority", QUILT_FIELD_INT, quilt_field_int64, SCHEDULER (priority)},
    {"flags", QUILT_FIELD_ARRAY, read_flags, SCHEDULER (flags)},
    {"runtime", QUILT_FIELD_INT, quilt_field_uint64, SCHEDULER (runtime)},
    {"deadline", QUILT_FIELD_INT, quilt_field_uint64, SCHEDULER (deadline)},
    {"period", QUILT_FIELD_INT, quilt_field_uint64, SCHEDULER (period)},
    {NULL},
};

/* Checks the rules of sched_setattr(2), to name the field in the error. */
static gboolean
check_scheduler (const QuiltScheduler *scheduler, const char *path, GError **error)
{
  gboolean real_time = scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;

  if (scheduler->policy < 0)
    return quilt_oci_require (NULL, path, "policy", error);
  if (scheduler->nice < -20 || scheduler->nice > 19)
    return quilt_oci_refuse (error, path, "its nice must be -20 to 19");
  if (real_time && (scheduler->priority < 1 || scheduler->priority > 99))
    return quilt_oci_refuse (error, path, "this policy needs a priority, 1 to 99");
  if (!real_time && scheduler->priority != 0)
    return quilt_oci_refuse (error, path, "this policy has no priority");
  if (scheduler->policy != SCHED_DEADLINE)
    return (scheduler->runtime | scheduler->deadline | scheduler->period) == 0 ||
           quilt_oci_refuse (error, path,
                             "runtime, deadline and period belong to SCHED_DEADLINE alone");
  if (scheduler->runtime == 0 || scheduler->runtime > scheduler->deadline ||
      (scheduler->period != 0 && scheduler->deadline > scheduler->period))
    return quilt_oci_refuse (error, path,
                             "SCHED_DEADLINE needs runtime and deadline, and runtime <= deadline "
                             "<= period");
  return TRUE;
}

gboolean
quilt_oci_read_scheduler (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltScheduler scheduler = {.is_set = TRUE, .policy = -1};

  /* An empty object asks for nothing. */
  if (json_object_object_length (value) == 0)
    return TRUE;
  if (!quilt_json_read (quilt_oci_scheduler_fields, value, path, &scheduler, error) ||
      !check_scheduler (&scheduler, path, error))
    return FALSE;
  ((QuiltProcess *)target)->scheduler = scheduler;
  return TRUE;
}

#define IO_PRIORITY(name) .offset = G_STRUCT_OFFSET (QuiltIoPriority, name)

const QuiltField quilt_oci_io_priority_fields[] = {
    {"class", QUILT_FIELD_STRING, read_class, IO_PRIORITY (io_class)},
    {"priority", QUILT_FIELD_INT, quilt_field_int64, IO_PRIORITY (priority)},
    {NULL},
};

gboolean
quilt_oci_read_io_priority (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  QuiltIoPriority priority = {0};

  if (json_object_object_length (value) == 0)
    return TRUE;
  if (!quilt_json_read (quilt_oci_io_priority_fields, value, path, &priority, error) ||
      !quilt_oci_require (priority.io_class ? "" : NULL, path, "class", error))
    return FALSE;
  if (priority.priority < 0 || priority.priority > 7)
    return quilt_oci_refuse (error, path, "its priority must be 0 to 7");
  ((QuiltProcess *)target)->io_priority = priority;
  return TRUE;
}

static gboolean
read_cpus (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  const char *text = json_object_get_string (value);
  g_autoptr (GByteArray) set = *text ? quilt_cpu_list_parse (text, NULL) : NULL;

  if (*text && !set)
    return quilt_oci_refuse (error, path, "must be processors such as '0-3,8'");
  return !*text || quilt_field_string (field, value, path, member, error);
}

#define PROCESS(name) .offset = G_STRUCT_OFFSET (QuiltProcess, name)

const QuiltField quilt_oci_affinity_fields[] = {
    {"initial", QUILT_FIELD_STRING, read_cpus, PROCESS (exec_cpus_initial)},
    {"final", QUILT_FIELD_STRING, read_cpus, PROCESS (exec_cpus_final)},
    {NULL},
};

gboolean
quilt_oci_read_affinity (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error)
{
  return quilt_json_read (quilt_oci_affinity_fields, value, path, process, error);
}

static void
print_word (json_object *object, const char *key, const Word *words, gint64 value)
{
  for (; words->name; words++)
    if (words->value == value)
      quilt_oci_print_string (object, key, words->name);
}

static void
print_number (json_object *object, const char *key, guint64 value)
{
  if (value != 0)
    json_object_object_add (object, key, json_object_new_uint64 (value));
}

static json_object *
print_scheduler (const QuiltScheduler *scheduler)
{
  json_object *object = json_object_new_object ();
  json_object *list = json_object_new_array ();

  print_word (object, "policy", policies, scheduler->policy);
  json_object_object_add (object, "nice", json_object_new_int64 (scheduler->nice));
  print_number (object, "priority", (guint64)scheduler->priority);
  for (const Word *flag = flags; flag->name; flag++)
    if (scheduler->flags & flag->value)
      json_object_array_add (list, json_object_new_string (flag->name));
  json_object_object_add (object, "flags", list);
  print_number (object, "runtime", scheduler->runtime);
  print_number (object, "deadline", scheduler->deadline);
  print_number (object, "period", scheduler->period);
  return object;
}

void
quilt_oci_print_scheduling (const QuiltProcess *process, json_object *object)
{
  json_object *part;

  if (process->scheduler.is_set)
    json_object_object_add (object, "scheduler", print_scheduler (&process->scheduler));
  if (process->io_priority.io_class) {
    part = json_object_new_object ();
    print_word (part, "class", classes, process->io_priority.io_class);
    json_object_object_add (part, "priority",
                            json_object_new_int64 (process->io_priority.priority));
    json_object_object_add (object, "ioPriority", part);
  }
  if (process->exec_cpus_initial || process->exec_cpus_final) {
    part = json_object_new_object ();
    quilt_oci_print_string (part, "initial", process->exec_cpus_initial);
    quilt_oci_print_string (part, "final", process->exec_cpus_final);
    json_object_object_add (object, "execCPUAffinity", part);
  }
}
