/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AttachContainer and ResizeTerminal. */
#include "daemon/containers/attach.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/caller-fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/lifecycle.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Freed with its call. */
typedef struct {
  QuiltContainer *container;
  char *name;      /* the name for which the caller was checked */
  QuiltCall *call; /* owned since the authorization; NULL when answered */
  QuiltStreams streams;
  int leash;
  guint32 lines;
  gboolean start;
  guint32 columns, rows; /* ResizeTerminal */
} Attach;

static void
attach_free (gpointer data)
{
  Attach *self = data;

  quilt_streams_clear (&self->streams);
  quilt_fd_clear (&self->leash);
  g_clear_object (&self->container);
  g_free (self->name);
  g_free (self);
}

/* The answer may free self. */
static void
fail (Attach *self, const GError *error)
{
  quilt_bus_error_return (g_steal_pointer (&self->call), error);
}

static void
answer (Attach *self, gboolean started, gboolean takes_input)
{
  const QuiltContainerRecord *record = self->container->record;
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&results, "{sv}", "container", g_variant_new_string (record->id));
  g_variant_builder_add (&results, "{sv}", "started", g_variant_new_boolean (started));
  g_variant_builder_add (&results, "{sv}", "terminal",
                         g_variant_new_boolean (record->options->terminal));
  g_variant_builder_add (&results, "{sv}", "input", g_variant_new_boolean (takes_input));
  quilt_call_return (g_steal_pointer (&self->call), g_variant_new ("(a{sv})", &results));
}

static gboolean
check_name (const Attach *self, GError **error)
{
  if (!quilt_container_is_gone (self->container) &&
      g_str_equal (quilt_container_get_name (self->container), self->name))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
               "Container '%s' was renamed or removed meanwhile: try again", self->name);
  return FALSE;
}

static gboolean
check_runs (const Attach *self, GError **error)
{
  const QuiltContainer *container = self->container;

  if (container->run &&
      (container->state == QUILT_STATE_RUNNING || container->state == QUILT_STATE_STOPPING))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Container '%s' is %s: a client can attach to one that is running", self->name,
               quilt_state_to_string (container->state));
  return FALSE;
}

static void
on_attached (GObject *source, GAsyncResult *result, gpointer data)
{
  Attach *self = data;
  g_autoptr (GError) error = NULL;
  gboolean takes_input = g_task_propagate_boolean (G_TASK (result), &error);

  if (error)
    fail (self, error);
  else
    answer (self, FALSE, takes_input);
}

static void
close_client (QuiltRunClient *client)
{
  quilt_fd_clear (&client->in);
  quilt_fd_clear (&client->out);
  quilt_fd_clear (&client->err);
  quilt_fd_clear (&client->leash);
}

static void
attach (Attach *self)
{
  QuiltRunClient client = {-1, -1, -1, -1, self->lines};
  g_autoptr (GError) error = NULL;

  if (!check_name (self, &error) || !check_runs (self, &error) ||
      !quilt_container_check_supervisor (self->container, &error) ||
      !quilt_streams_reopen (self->streams.in, O_RDONLY, &client.in, &error) ||
      !quilt_streams_reopen (self->streams.out, O_WRONLY, &client.out, &error) ||
      !quilt_streams_reopen (self->streams.err, O_WRONLY, &client.err, &error) ||
      !quilt_streams_reopen (self->leash, O_RDONLY, &client.leash, &error)) {
    close_client (&client);
    fail (self, error);
    return;
  }
  if (self->streams.columns > 0 && self->streams.rows > 0)
    quilt_run_resize (self->container->run, self->streams.columns, self->streams.rows);
  quilt_run_attach (self->container->run, &client,
                    g_task_new (self->container, NULL, on_attached, self));
  close_client (&client);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  Attach *self = data;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    fail (self, error);
  else if (self->streams.is_taken)
    answer (self, TRUE, self->streams.in >= 0 || self->container->record->options->terminal);
  else
    attach (self); /* another call has started it */
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Attach *self = data;
  g_autoptr (GError) error = NULL;

  self->call = call;
  if (!self->start)
    attach (self);
  else if (!check_name (self, &error))
    fail (self, error);
  else
    quilt_container_start (self->container, &self->streams,
                           g_task_new (self->container, NULL, on_started, self));
}

static GPtrArray *
new_details (const Attach *self, const char *verb)
{
  GPtrArray *details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_container_new_details (self->container, verb));
  return details;
}

static void
exec_authorized (QuiltCall *call, gpointer data)
{
  Attach *self = data;
  g_autoptr (GPtrArray) details = NULL;

  if (!self->start) {
    authorized (call, self);
    return;
  }
  details = new_details (self, "start");
  quilt_authority_require (quilt_container_get_authority (self->container), call,
                           QUILT_ACTION_MANAGE_CONTAINERS, details, authorized, self);
}

static gboolean
is_same_pipe (int a, int b)
{
  struct stat first, second;

  return a >= 0 && b >= 0 && fstat (a, &first) == 0 && fstat (b, &second) == 0 &&
         first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

/* Refuses a leash of which the supervisor would hold both ends: it would never end. */
static gboolean
read_options (Attach *self, QuiltCall *call, GVariant *options, GError **error)
{
  guint64 lines = 0;
  gint32 leash = -1;
  gboolean has_leash = FALSE;
  const QuiltDictKey keys[] = {{"replay", 't', &lines, NULL},
                               {"start", 'b', &self->start, NULL},
                               {"leash", 'h', &leash, &has_leash}};
  g_autoptr (GVariant) rest = quilt_streams_take (&self->streams, call, options, error);
  guint n_fds;
  const int *fds = quilt_call_get_fds (call, &n_fds);

  if (!rest || !quilt_dict_read (rest, keys, G_N_ELEMENTS (keys), error))
    return FALSE;
  self->lines = (guint32)MIN (lines, G_MAXUINT32);
  if (has_leash && (self->leash = quilt_caller_fd_take (fds, n_fds, leash, "leash",
                                                        QUILT_CALLER_FD_PIPE, error)) < 0)
    return FALSE;
  if (is_same_pipe (self->leash, self->streams.out) ||
      is_same_pipe (self->leash, self->streams.err)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "The leash must be a pipe of its own");
    return FALSE;
  }
  if (self->streams.in >= 0 || self->streams.out >= 0 || self->streams.err >= 0)
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                       "The call passes no stream: stdin, stdout or stderr");
  return FALSE;
}

/* Answers the call with an error if there is no such container. */
static Attach *
attach_new (QuiltContainers *containers, QuiltCall *call, const char *name)
{
  g_autoptr (GError) error = NULL;
  QuiltContainer *container = quilt_containers_find (containers, name, &error);
  Attach *self;

  if (!container) {
    quilt_bus_error_return (call, error);
    return NULL;
  }
  self = g_new0 (Attach, 1);
  self->container = g_object_ref (container);
  self->name = g_strdup (quilt_container_get_name (container));
  self->streams = (QuiltStreams)QUILT_STREAMS_NONE;
  self->leash = -1;
  quilt_call_attach (call, "quilt-attach", self, attach_free);
  return self;
}

static void
require (Attach *self, QuiltCall *call, const char *verb, QuiltAuthorizedFunc func)
{
  g_autoptr (GPtrArray) details = new_details (self, verb);

  quilt_authority_require (quilt_container_get_authority (self->container), call, QUILT_ACTION_EXEC,
                           details, func, self);
}

void
quilt_attach_container (QuiltContainers *containers,
                        QuiltCall *call,
                        const char *name,
                        GVariant *options)
{
  Attach *self = attach_new (containers, call, name);
  g_autoptr (GError) error = NULL;

  if (!self)
    return;
  if (read_options (self, call, options, &error))
    require (self, call, "attach", exec_authorized);
  else
    quilt_bus_error_return (call, error);
}

static void
resize_authorized (QuiltCall *call, gpointer data)
{
  Attach *self = data;
  g_autoptr (GError) error = NULL;

  if (!check_name (self, &error) || !check_runs (self, &error) ||
      !quilt_container_check_supervisor (self->container, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  quilt_run_resize (self->container->run, self->columns, self->rows);
  quilt_call_return (call, NULL);
}

void
quilt_resize_terminal (QuiltContainers *containers,
                       QuiltCall *call,
                       const char *name,
                       guint32 columns,
                       guint32 rows,
                       GVariant *options)
{
  Attach *self = attach_new (containers, call, name);
  g_autoptr (GError) error = NULL;

  if (!self)
    return;
  self->columns = columns;
  self->rows = rows;
  if (!quilt_dict_read (options, NULL, 0, &error))
    quilt_bus_error_return (call, error);
  else if (columns == 0 || columns > G_MAXUINT16 || rows == 0 || rows > G_MAXUINT16) {
    error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                                 "The size of a terminal must be 1 to 65535 columns and rows");
    quilt_bus_error_return (call, error);
  } else
    require (self, call, "resize", resize_authorized);
}
