/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on one or many containers. */
#include "daemon/containers/verbs.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/rows.h"
#include "daemon/containers/lifecycle.h"

typedef struct {
  const char *name;
  const QuiltRowsMethod *method;
  void (*run) (QuiltContainer *container, const QuiltVerbArgs *args, GTask *task);
  const char *options[2]; /* options that it takes; NULL: no more */
} Verb;

/* The arguments of a call. */
typedef struct {
  QuiltContainers *containers;
  const Verb *verb;
  QuiltVerbArgs args;
} Arguments;

/* The container of a row, found before the caller is checked. */
typedef struct {
  QuiltContainer *container; /* NULL: it was removed, and only its end is known */
  char *name;                /* the name for which the caller was checked */
  QuiltEnding ending;        /* wait: the end of the run */
  GTask *waiting;            /* borrowed; NULL when it has ended */
} Target;

static void
target_free (gpointer data)
{
  Target *target = data;

  g_clear_object (&target->container);
  g_free (target->name);
  g_free (target->ending.reason);
  g_free (target);
}

static gpointer
find (const char *name, gpointer data, char **ret_key, GError **error)
{
  const Arguments *arguments = data;
  QuiltContainer *found = quilt_containers_find (arguments->containers, name, error);
  Target *target;

  if (!found)
    return NULL;
  target = g_new0 (Target, 1);
  target->container = g_object_ref (found);
  target->name = g_strdup (quilt_container_get_name (found));
  *ret_key = g_strdup (quilt_container_get_record (found)->id);
  return target;
}

/* WAIT also finds containers that were removed. */
static gpointer
find_also_removed (const char *name, gpointer data, char **ret_key, GError **error)
{
  const Arguments *arguments = data;
  g_autoptr (GError) missing = NULL;
  gpointer found = find (name, data, ret_key, &missing);
  const char *reason;
  int exit_code;
  Target *target;

  if (found)
    return found;
  if (!quilt_containers_recall_end (arguments->containers, name, &exit_code, &reason)) {
    g_propagate_error (error, g_steal_pointer (&missing));
    return NULL;
  }
  target = g_new0 (Target, 1);
  target->ending.exit_code = exit_code;
  target->ending.reason = g_strdup (reason);
  return target;
}

static void
add_details (const QuiltRow *row, GPtrArray *details)
{
  const Arguments *arguments = quilt_row_get_arguments (row);
  const Target *target = quilt_row_get_data (row);

  if (target->container)
    g_ptr_array_add (details,
                     quilt_container_new_details (target->container, arguments->verb->name));
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Target *target = quilt_row_get_data (data);
  GError *error = NULL;

  target->waiting = NULL;
  g_task_propagate_boolean (G_TASK (result), &error);
  quilt_row_done (data, error);
}

static void
begin (QuiltRow *row)
{
  const Arguments *arguments = quilt_row_get_arguments (row);
  Target *target = quilt_row_get_data (row);
  QuiltContainer *container = target->container;
  GTask *task;

  if (!container) {
    quilt_row_done (row, NULL);
    return;
  }
  if (!g_str_equal (target->name, quilt_container_get_name (container))) {
    quilt_row_done (row, g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                                      "Container '%s' was renamed meanwhile: try again",
                                      quilt_row_get_name (row)));
    return;
  }
  task = g_task_new (container, NULL, on_done, row);
  if (arguments->verb->method->answer)
    g_task_set_task_data (task, &target->ending, NULL);
  if (arguments->verb->method->give_up)
    target->waiting = task;
  arguments->verb->run (container, &arguments->args, task);
}

/* If the row waits for the container's end, stop waiting. A stop goes on without its caller. */
static void
give_up (QuiltRow *row)
{
  const Target *target = quilt_row_get_data (row);

  if (target->waiting)
    quilt_container_end_wait (target->container, target->waiting);
}

static void
answer_ending (const QuiltRow *row, QuiltCall *call)
{
  const Target *target = quilt_row_get_data (row);

  quilt_call_return (call, g_variant_new ("(is)", target->ending.exit_code, target->ending.reason));
}

static const QuiltRowsMethod change = {
    .action = QUILT_ACTION_MANAGE_CONTAINERS,
    .find = find,
    .add_details = add_details,
    .begin = begin,
    .give_up = give_up,
    .free_row = target_free,
};

static const QuiltRowsMethod look = {
    .action = QUILT_ACTION_INSPECT,
    .waits = TRUE,
    .find = find_also_removed,
    .add_details = add_details,
    .begin = begin,
    .give_up = give_up,
    .answer = answer_ending,
    .free_row = target_free,
};

static void
start (QuiltContainer *container, const QuiltVerbArgs *args, GTask *task)
{
  quilt_container_start (container, NULL, task);
}

static void
wait (QuiltContainer *container, const QuiltVerbArgs *args, GTask *task)
{
  quilt_container_wait (container, task);
}

static const Verb verbs[] = {
    [QUILT_VERB_START] = {"start", &change, start, {NULL}},
    [QUILT_VERB_STOP] = {"stop", &change, quilt_container_stop, {"timeout", "close-output"}},
    [QUILT_VERB_RESTART] = {"restart", &change, quilt_container_restart, {"timeout"}},
    [QUILT_VERB_KILL] = {"kill", &change, quilt_container_kill, {NULL}},
    [QUILT_VERB_REMOVE] = {"remove", &change, quilt_container_remove, {"force"}},
    [QUILT_VERB_WAIT] = {"wait", &look, wait, {NULL}},
};

/* Returns NULL if the call was answered with an error. */
static Arguments *
read_arguments (
    QuiltContainers *containers, QuiltCall *call, QuiltVerbKind kind, int signal, GVariant *options)
{
  QuiltVerbArgs args = {.signal = signal};
  const QuiltDictKey keys[] = {{"timeout", 't', &args.timeout_usec, &args.has_timeout},
                               {"close-output", 'b', &args.close_output, NULL},
                               {"force", 'b', &args.force, NULL}};
  const Verb *verb = &verbs[kind];
  g_autoptr (GError) error = NULL;
  QuiltDictKey known[G_N_ELEMENTS (verb->options)];
  guint n = 0;
  Arguments *arguments;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_strcmp0 (verb->options[0], keys[i].key) == 0 ||
        g_strcmp0 (verb->options[1], keys[i].key) == 0)
      known[n++] = keys[i];
  if (!quilt_dict_read (options, known, n, &error)) {
    quilt_bus_error_return (call, error);
    return NULL;
  }
  if (kind == QUILT_VERB_KILL && (signal < 1 || signal > 64)) {
    error = g_error_new (QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "There is no signal %d: a signal is 1 to 64", signal);
    quilt_bus_error_return (call, error);
    return NULL;
  }
  arguments = g_new0 (Arguments, 1);
  *arguments = (Arguments){containers, verb, args};
  return arguments;
}

void
quilt_verb_on_many (QuiltContainers *containers,
                    QuiltCall *call,
                    QuiltVerbKind kind,
                    const char *const *names,
                    int signal,
                    GVariant *options)
{
  Arguments *arguments = read_arguments (containers, call, kind, signal, options);

  if (arguments)
    quilt_rows_on_many (quilt_containers_parts (containers)->hub, call, arguments->verb->method,
                        names, arguments, g_free);
}

void
quilt_verb_on_one (QuiltContainers *containers,
                   QuiltCall *call,
                   QuiltVerbKind kind,
                   const char *name,
                   int signal,
                   GVariant *options)
{
  Arguments *arguments = read_arguments (containers, call, kind, signal, options);

  if (arguments)
    quilt_rows_on_one (quilt_containers_parts (containers)->hub, call, arguments->verb->method,
                       name, arguments, g_free);
}
