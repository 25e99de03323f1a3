/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on containers, one or many. */
#include "daemon/containers/verbs.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/lifecycle.h"

typedef struct {
  const char *name;
  const char *action;
  void (*run) (QuiltContainer *container, const QuiltVerbArgs *args, GTask *task);
  const char *options[2]; /* that it takes; NULL: no more */
} Verb;

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
    [QUILT_VERB_START] = {"start", QUILT_ACTION_MANAGE_CONTAINERS, start, {NULL}},
    [QUILT_VERB_STOP] = {"stop",
                         QUILT_ACTION_MANAGE_CONTAINERS,
                         quilt_container_stop,
                         {"timeout", "close-output"}},
    [QUILT_VERB_RESTART] = {"restart",
                            QUILT_ACTION_MANAGE_CONTAINERS,
                            quilt_container_restart,
                            {"timeout"}},
    [QUILT_VERB_KILL] = {"kill", QUILT_ACTION_MANAGE_CONTAINERS, quilt_container_kill, {NULL}},
    [QUILT_VERB_REMOVE] = {"remove",
                           QUILT_ACTION_MANAGE_CONTAINERS,
                           quilt_container_remove,
                           {"force"}},
    [QUILT_VERB_WAIT] = {"wait", QUILT_ACTION_INSPECT, wait, {NULL}},
};

/* One container of a call: found before the caller is checked, and bound to its ID since. */
typedef struct {
  struct Call *call;
  char *asked; /* as the caller named it */
  QuiltContainer *container;
  char *name;         /* that the caller was checked for */
  QuiltEnding ending; /* wait: of the run that was waited for */
  GError *error;
} Row;

/* Lives as long as its invocation. */
typedef struct Call {
  QuiltContainers *containers;
  GDBusMethodInvocation *invocation; /* owned since the authorization; NULL when answered */
  const Verb *verb;
  QuiltVerbArgs args;
  gboolean many;
  GPtrArray *rows;
  GHashTable *seen; /* of the rows: one that is named twice is meant once */
  guint pending;
} Call;

static void
row_free (Row *row)
{
  g_free (row->asked);
  g_free (row->name);
  g_free (row->ending.reason);
  g_clear_object (&row->container);
  g_clear_error (&row->error);
  g_free (row);
}

static void
call_free (Call *call)
{
  g_ptr_array_unref (call->rows);
  g_hash_table_unref (call->seen);
  g_free (call);
}

static void
add_row (Call *call, const char *asked)
{
  g_autoptr (GError) error = NULL;
  QuiltContainer *found = quilt_containers_find (call->containers, asked, &error);
  Row *row;

  if (found && !g_hash_table_add (call->seen, found))
    return;
  row = g_new0 (Row, 1);
  row->call = call;
  row->asked = g_strdup (asked);
  row->error = g_steal_pointer (&error);
  if (found) {
    row->container = g_object_ref (found);
    row->name = g_strdup (quilt_container_get_name (found));
  }
  g_ptr_array_add (call->rows, row);
}

static void
answer_many (Call *call, GDBusMethodInvocation *invocation)
{
  g_auto (GVariantBuilder) failures = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sss)"));

  for (guint i = 0; i < call->rows->len; i++) {
    const Row *row = call->rows->pdata[i];

    if (row->error)
      quilt_bus_error_add (&failures, row->asked, row->error);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a(sss))", &failures));
}

static void
answer_one (Call *call, GDBusMethodInvocation *invocation)
{
  const Row *row = call->rows->pdata[0];
  const char *reason = "";
  int exit_code = -1;

  if (call->verb->run != wait) {
    if (row->error)
      quilt_bus_error_return (invocation, row->error);
    else
      g_dbus_method_invocation_return_value (invocation, NULL);
    return;
  }
  if (row->container && !row->error) {
    exit_code = row->ending.exit_code;
    reason = row->ending.reason;
  } else if (row->container ||
             !quilt_containers_recall_end (call->containers, row->asked, &exit_code, &reason)) {
    quilt_bus_error_return (invocation, row->error);
    return;
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(is)", exit_code, reason));
}

static void
done_if_last (Call *call)
{
  QuiltContainers *containers = call->containers;
  gboolean held = call->verb->run != wait;

  call->pending--;
  if (call->pending > 0)
    return;
  if (call->many)
    answer_many (call, g_steal_pointer (&call->invocation));
  else
    answer_one (call, g_steal_pointer (&call->invocation));
  if (held)
    quilt_hub_release (quilt_containers_parts (containers)->hub);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Row *row = data;

  g_task_propagate_boolean (G_TASK (result), &row->error);
  done_if_last (row->call);
}

static void
authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  Call *call = data;

  call->invocation = invocation;
  call->pending = 1; /* ourselves, until all have begun */
  if (call->verb->run != wait)
    quilt_hub_hold (quilt_containers_parts (call->containers)->hub);
  for (guint i = 0; i < call->rows->len; i++) {
    Row *row = call->rows->pdata[i];
    GTask *task;

    if (row->error)
      continue;
    if (!g_str_equal (row->name, quilt_container_get_name (row->container))) {
      g_set_error (&row->error, QUILT_ERROR, QUILT_ERROR_BUSY,
                   "Container '%s' was renamed meanwhile: try again", row->asked);
      continue;
    }
    call->pending++;
    task = g_task_new (row->container, NULL, on_done, row);
    if (call->verb->run == wait)
      g_task_set_task_data (task, &row->ending, NULL);
    call->verb->run (row->container, &call->args, task);
  }
  done_if_last (call);
}

/* NULL: answered with an error. */
static Call *
call_new (QuiltContainers *containers,
          GDBusMethodInvocation *invocation,
          QuiltVerbKind kind,
          int signal,
          GVariant *options)
{
  QuiltVerbArgs args = {.signal = signal};
  const QuiltDictKey keys[] = {{"timeout", 't', &args.timeout_usec, &args.has_timeout},
                               {"close-output", 'b', &args.close_output, NULL},
                               {"force", 'b', &args.force, NULL}};
  const Verb *verb = &verbs[kind];
  g_autoptr (GError) error = NULL;
  QuiltDictKey known[G_N_ELEMENTS (verb->options)];
  guint n = 0;
  Call *call;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_strcmp0 (verb->options[0], keys[i].key) == 0 ||
        g_strcmp0 (verb->options[1], keys[i].key) == 0)
      known[n++] = keys[i];
  if (!quilt_dict_read (options, known, n, &error)) {
    quilt_bus_error_return (invocation, error);
    return NULL;
  }
  if (kind == QUILT_VERB_KILL && (signal < 1 || signal > 64)) {
    error = g_error_new (QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "There is no signal %d: a signal is 1 to 64", signal);
    quilt_bus_error_return (invocation, error);
    return NULL;
  }
  call = g_new0 (Call, 1);
  call->containers = containers;
  call->verb = verb;
  call->args = args;
  call->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)row_free);
  call->seen = g_hash_table_new (NULL, NULL);
  g_object_set_data_full (G_OBJECT (invocation), "quilt-call", call, (GDestroyNotify)call_free);
  return call;
}

static void
require (Call *call, GDBusMethodInvocation *invocation)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  for (guint i = 0; i < call->rows->len; i++) {
    const Row *row = call->rows->pdata[i];

    if (row->container)
      g_ptr_array_add (details, quilt_container_new_details (row->container, call->verb->name));
  }
  quilt_authority_require (quilt_hub_get_authority (quilt_containers_parts (call->containers)->hub),
                           invocation, call->verb->action, details, authorized, call);
}

void
quilt_verb_on_many (QuiltContainers *containers,
                    GDBusMethodInvocation *invocation,
                    QuiltVerbKind kind,
                    const char *const *names,
                    int signal,
                    GVariant *options)
{
  Call *call = call_new (containers, invocation, kind, signal, options);

  if (!call)
    return;
  call->many = TRUE;
  for (guint i = 0; names[i]; i++)
    add_row (call, names[i]);
  require (call, invocation);
}

void
quilt_verb_on_one (QuiltContainers *containers,
                   GDBusMethodInvocation *invocation,
                   QuiltVerbKind kind,
                   const char *name,
                   int signal,
                   GVariant *options)
{
  Call *call = call_new (containers, invocation, kind, signal, options);

  if (!call)
    return;
  add_row (call, name);
  require (call, invocation);
}
