/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies from and to a container, and its export: checks the call, and has a quilt-copy do it. */
#include "daemon/sessions/methods.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/caller-fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container.h"
#include "daemon/containers/files-lock.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/helpers/helper.h"
#include "daemon/sessions/check.h"
#include "daemon/sessions/copy-plan.h"
#include "proto/copy-request.h"
#include "systemd/cgroup.h"

#include <limits.h>
#include <string.h>

#define PATIENCE_SECONDS 5

/* Freed with its call, which is answered when quilt-copy has ended. */
typedef struct {
  const QuiltContainersParts *parts;
  QuiltCall *call; /* owned since the authorization */
  QuiltContainer *container;
  char *name; /* for which the caller was checked */
  QuiltCopyRequest request;
  int pipe;
  QuiltHelper *helper;
  guint patience; /* timer: the caller has left */
  GError *error;
  gboolean is_done;
  QuiltMessage done;
} Copy;

static void
copy_free (gpointer data)
{
  Copy *self = data;

  quilt_fd_clear (&self->pipe);
  g_clear_handle_id (&self->patience, g_source_remove);
  g_clear_pointer (&self->helper, quilt_helper_free);
  quilt_copy_request_clear (&self->request);
  g_clear_error (&self->error);
  g_clear_object (&self->container);
  g_free (self->name);
  g_free (self);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  Copy *self = data;

  if (message->type == QUILT_MESSAGE_DONE) {
    self->is_done = TRUE;
    self->done = *message;
  } else if (message->type == QUILT_MESSAGE_ERROR && !self->error) {
    self->error = g_error_new_literal (QUILT_ERROR, message->code, message->text);
  }
}

/* Parses "KIND=NUMBER …". */
static GVariant *
read_left_out (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", QUILT_MESSAGE_TEXT_MAX);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{st}"));

  for (char **word = words; *word; word++) {
    char *equals = strchr (*word, '=');
    guint64 count;

    if (!equals || !g_ascii_string_to_unsigned (equals + 1, 10, 0, G_MAXUINT64, &count, NULL))
      continue;
    *equals = '\0';
    g_variant_builder_add (&builder, "{st}", *word, count);
  }
  return g_variant_builder_end (&builder);
}

static void
answer (Copy *self)
{
  QuiltCall *call = g_steal_pointer (&self->call);
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (!self->is_done && !self->error)
    self->error = g_error_new (
        QUILT_ERROR, QUILT_ERROR_FAILED,
        "Failed to copy: quilt-copy ended unexpectedly; see 'journalctl -u quiltd.service'");
  if (self->error) {
    g_variant_builder_clear (&results);
    quilt_bus_error_return (call, self->error);
    return;
  }
  g_variant_builder_add (&results, "{sv}", "bytes", g_variant_new_uint64 (self->done.done));
  g_variant_builder_add (&results, "{sv}", "entries", g_variant_new_uint64 (self->done.total));
  g_variant_builder_add (&results, "{sv}", "left-out", read_left_out (self->done.text));
  quilt_call_return (call, g_variant_new ("(a{sv})", &results));
}

static void
on_closed (gpointer data)
{
  Copy *self = data;

  g_clear_pointer (&self->helper, quilt_helper_free);
  quilt_call_unwatch_caller (self->call, self);
  answer (self); /* frees self */
}

static const QuiltHelperEvents helper_events = {on_message, on_closed};

static gboolean
on_patience_over (gpointer data)
{
  Copy *self = data;

  self->patience = 0;
  quilt_helper_kill (self->helper);
  return G_SOURCE_REMOVE;
}

/* Usually the caller's end of the pipe is gone as well, and quilt-copy ends by itself and leaves
 * nothing. But another process may hold the pipe. */
static void
on_caller_left (gpointer data)
{
  Copy *self = data;

  self->patience = g_timeout_add_seconds (PATIENCE_SECONDS, on_patience_over, self);
}

/* Executes quilt-copy. spec and lock are -1 for a container that runs. */
static gboolean
spawn (Copy *self, int spec, int lock, GError **error)
{
  const QuiltPrograms *programs = self->parts->programs;
  g_autofree char *program = g_build_filename (programs->path, "quilt-copy", NULL);
  const char *const argv[] = {program, NULL};
  g_autofd int request = quilt_copy_request_save (&self->request, error);
  const int fds[] = {self->pipe, request, spec, lock};

  if (request < 0)
    return FALSE;
  self->helper =
      quilt_helper_spawn (programs->fd, argv, fds, G_N_ELEMENTS (fds), &helper_events, self, error);
  quilt_fd_clear (&self->pipe); /* so that the caller notices when quilt-copy closes it */
  if (self->helper)
    quilt_call_watch_caller (self->call, on_caller_left, self);
  return self->helper != NULL;
}

static gboolean
copy_running (Copy *self, GError **error)
{
  if (!quilt_session_check_runs (self->container, self->name, error))
    return FALSE;
  self->request.scope = quilt_scope_cgroup (quilt_container_get_place (self->container));
  self->request.first = quilt_container_get_pid (self->container);
  return spawn (self, -1, -1, error);
}

static void begin (Copy *self);

static void
on_rested (GObject *source, GAsyncResult *result, gpointer data)
{
  Copy *self = data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    begin (self);
  else
    quilt_bus_error_return (g_steal_pointer (&self->call), error);
}

static gboolean
copy_stopped (Copy *self, GError **error)
{
  QuiltContainer *container = self->container;
  const QuiltState state = quilt_container_get_state (container);
  g_autofd int lock = -1, spec = -1;

  if (!quilt_container_check_editable (container, self->name, error))
    return FALSE;
  if (quilt_container_is_active (container)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Container '%s' is %s: try again in a moment", self->name,
                 quilt_state_to_string (state));
    return FALSE;
  }
  /* A run that has just ended may still have its mounts. */
  if (quilt_container_get_scope (container)) {
    quilt_container_await_rest (container, g_task_new (container, NULL, on_rested, self));
    return TRUE;
  }
  lock = quilt_container_lock_files (container, error);
  if (lock < 0)
    return FALSE;
  spec = quilt_copy_plan (container, error);
  return spec >= 0 && spawn (self, spec, lock, error);
}

/* Much may have happened since the call was checked. */
static void
begin (Copy *self)
{
  const gboolean runs = quilt_container_get_state (self->container) == QUILT_STATE_RUNNING;
  g_autoptr (GError) error = NULL;

  if (!(runs ? copy_running (self, &error) : copy_stopped (self, &error)))
    quilt_bus_error_return (g_steal_pointer (&self->call), error);
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Copy *self = data;

  self->call = call;
  begin (self);
}

static GPtrArray *
new_details (const Copy *self)
{
  GPtrArray *details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_container_new_details (
                                self->container,
                                self->request.operation == QUILT_COPY_EXPORT ? "export" : "copy"));
  return details;
}

/* A copy has the power of the container's root, as exec with the user "root" has. */
static void
copy_authorized (QuiltCall *call, gpointer data)
{
  Copy *self = data;
  g_autoptr (GPtrArray) details = NULL;

  if (quilt_session_is_of_root (self->container)) {
    authorized (call, self);
    return;
  }
  details = new_details (self);
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call,
                           QUILT_ACTION_PRIVILEGED, details, authorized, self);
}

static gboolean
read_path (Copy *self, GVariant *path, GError **error)
{
  gsize length;

  self->request.path = path ? g_variant_dup_bytestring (path, NULL) : g_strdup ("/");
  length = strlen (self->request.path);
  if (length > 0 && length < PATH_MAX && (!path || g_variant_n_children (path) == length + 1))
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                       "The path must have 1 to 4095 bytes, and then a NUL byte");
  return FALSE;
}

static gboolean
read_options (Copy *self, GVariant *options, GError **error)
{
  QuiltCopyRequest *request = &self->request;
  const QuiltDictKey keys[] = {{"archive", 'b', &request->keeps_owner, NULL},
                               {"overwrite", 'b', &request->overwrite, NULL},
                               {"extract", 'b', &request->extract, NULL}};

  return quilt_dict_read (options, keys,
                          request->operation == QUILT_COPY_TO ? G_N_ELEMENTS (keys) : 0, error);
}

static gboolean
take_pipe (Copy *self, gint32 handle, GError **error)
{
  const gboolean reads = self->request.operation == QUILT_COPY_TO;
  guint n_fds;
  const int *fds = quilt_call_get_fds (self->call, &n_fds);

  self->pipe = quilt_caller_fd_take (fds, n_fds, handle, "pipe",
                                     reads ? QUILT_CALLER_FD_PIPE : QUILT_CALLER_FD_SINK, error);
  return self->pipe >= 0;
}

/* The record and the name may change before the caller is authorized, but not the ID. */
static void
set_container (Copy *self, QuiltContainer *container)
{
  const QuiltContainerRecord *record = quilt_container_get_record (container);

  self->container = g_object_ref (container);
  self->name = g_strdup (quilt_container_get_name (container));
  self->request.id = g_strdup (record->id);
  self->request.is_provided = record->options->provide != NULL;
  if (!quilt_session_is_of_root (container))
    self->request.user = g_strdup (record->options->user);
}

void
quilt_session_copy (QuiltSessions *sessions,
                    QuiltCall *call,
                    QuiltCopyOperation operation,
                    const char *name,
                    GVariant *path,
                    gint32 handle,
                    GVariant *options)
{
  QuiltContainers *containers = quilt_sessions_get_containers (sessions);
  QuiltContainer *container;
  Copy *self = g_new0 (Copy, 1);
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;

  *self = (Copy){.parts = quilt_containers_parts (containers),
                 .call = call,
                 .request = {.operation = operation},
                 .pipe = -1};
  quilt_call_attach (call, "quilt-copy", self, copy_free);
  container = quilt_containers_find (containers, name, &error);
  if (!container || !read_path (self, path, &error) || !read_options (self, options, &error) ||
      !take_pipe (self, handle, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = NULL;
  set_container (self, container);
  details = new_details (self);
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call, QUILT_ACTION_EXEC,
                           details, copy_authorized, self);
}
