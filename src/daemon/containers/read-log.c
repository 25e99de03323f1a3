/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReadLog of a container: its journal for callers without access to the journal. One quilt-log for
 * each call reads the journal and waits for the caller to read, so that quiltd never does. */
#include "daemon/containers/read-log.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/helpers/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* journald may lag this far behind a container that has ended. */
#define BEHIND_USEC (2 * G_USEC_PER_SEC)

/* Freed with its call, which lives as long as quilt-log. Until then the caller's quota is
 * charged. */
typedef struct {
  QuiltContainer *container;
  QuiltCall *call; /* NULL until quilt-log runs */
  QuiltHelper *helper;
  guint64 since_usec, until_usec, lines;
  char *stream; /* "stdout" or "stderr"; "": both */
  gboolean follow;
} ReadLog;

static void
read_log_free (ReadLog *self)
{
  g_clear_pointer (&self->helper, quilt_helper_free);
  g_object_unref (self->container);
  g_free (self->stream);
  g_free (self);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  /* quilt-log sends no messages. */
}

static void
on_closed (gpointer data)
{
  ReadLog *self = data;

  g_clear_pointer (&self->helper, quilt_helper_free);
  quilt_call_unref (self->call); /* frees self */
}

static const QuiltHelperEvents events = {on_message, on_closed};

/* An entry about the container's end is its last one if it is not older than this time. 0: don't
 * wait for such an entry. *ret_runs: whether the container has not ended. */
static guint64
get_ended_after (const ReadLog *self, gboolean *ret_runs)
{
  const QuiltContainer *container = self->container;
  QuiltState state = quilt_container_get_state (container);
  guint64 started = quilt_container_get_started (container);
  guint64 finished = quilt_container_get_result (container)->finished_usec,
          now = (guint64)g_get_real_time ();

  *ret_runs = !quilt_container_is_gone (container) && state != QUILT_STATE_EXITED &&
              state != QUILT_STATE_FAILED;
  if (!*ret_runs)
    return finished <= now && now - finished < BEHIND_USEC ? finished : 0;
  if (!self->follow)
    return 0;
  return started > 0 ? started : now;
}

static QuiltHelper *
spawn (ReadLog *self, int output, GError **error)
{
  const QuiltPrograms *programs =
      quilt_containers_parts (quilt_container_get_containers (self->container))->programs;
  const char *id = quilt_container_get_record (self->container)->id;
  g_autofree char *program = g_build_filename (programs->path, "quilt-log", NULL);
  g_autofree char *since = g_strdup_printf ("%" G_GUINT64_FORMAT, self->since_usec);
  g_autofree char *until = g_strdup_printf ("%" G_GUINT64_FORMAT, self->until_usec);
  g_autofree char *lines = g_strdup_printf ("%" G_GUINT64_FORMAT, self->lines);
  gboolean runs;
  g_autofree char *ended_after =
      g_strdup_printf ("%" G_GUINT64_FORMAT, get_ended_after (self, &runs));
  const char *const argv[] = {
      program, id, since, until, lines, self->stream, ended_after, runs ? "runs" : "ended", NULL};

  return quilt_helper_spawn (programs->fd, argv, &output, 1, &events, self, error);
}

/* Starts quilt-log. Returns the reading end of a pipe that quilt-log fills, or -1 on error. */
static int
begin (ReadLog *self, GError **error)
{
  g_autofd int input = -1, output = -1;
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) < 0) {
    quilt_set_error_errno (error, errno, "Failed to make a pipe");
    return -1;
  }
  input = ends[0];
  output = ends[1];
  self->helper = spawn (self, output, error);
  return self->helper ? g_steal_fd (&input) : -1;
}

static void
authorized (QuiltCall *call, gpointer data)
{
  ReadLog *self = data;
  g_autoptr (GError) error = NULL;
  g_autofd int input = begin (self, &error);

  if (input < 0) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = quilt_call_ref (call);
  quilt_call_return_fd (call, g_variant_new ("(h)", 0), g_steal_fd (&input));
}

static gboolean
read_options (ReadLog *self, GVariant *options, GError **error)
{
  const char *stream = "";
  const QuiltDictKey keys[] = {{"since", 't', &self->since_usec, NULL},
                               {"until", 't', &self->until_usec, NULL},
                               {"lines", 't', &self->lines, NULL},
                               {"stream", 's', &stream, NULL},
                               {"follow", 'b', &self->follow, NULL}};

  self->until_usec = self->lines = G_MAXUINT64;
  if (!quilt_dict_read (options, keys, G_N_ELEMENTS (keys), error))
    return FALSE;
  self->stream = g_strdup (stream);
  if (*stream == '\0' || g_str_equal (stream, "stdout") || g_str_equal (stream, "stderr"))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "The option 'stream' must be 'stdout' or 'stderr'");
  return FALSE;
}

void
quilt_container_read_log (QuiltContainer *self, QuiltCall *call, GVariant *options)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GError) error = NULL;
  ReadLog *read_log = g_new0 (ReadLog, 1);

  read_log->container = g_object_ref (self);
  quilt_call_attach (call, "quilt-read-log", read_log, (GDestroyNotify)read_log_free);
  if (!read_options (read_log, options, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  g_ptr_array_add (details, quilt_container_new_details (self, "logs"));
  quilt_authority_require (quilt_container_get_authority (self), call, QUILT_ACTION_INSPECT,
                           details, authorized, read_log);
}
