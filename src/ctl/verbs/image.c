/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resolves what the user typed for an image: a name, a digest, or an archive to import. */
#include "ctl/verbs/image.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "ctl/progress.h"
#include "ctl/streams/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One job, from the call until its signal. */
typedef struct {
  QuiltCtl *ctl;
  const char *what; /* for errors: "import" */
  const char *verb; /* for the progress; NULL: "Importing" */
  GMainLoop *loop;
  char *path;
  /* path → parameters of Completed, since the signal may arrive before the answer */
  GHashTable *completed;
  QuiltProgress progress;
  QuiltImported result;
  GError *error;
} Job;

void
quilt_imported_clear (QuiltImported *imported)
{
  g_clear_pointer (&imported->digest, g_free);
  g_clear_pointer (&imported->left_out, g_variant_unref);
}

static void
job_clear (Job *job)
{
  if (job->ctl->connection)
    quilt_dbus_unsubscribe (job->ctl->connection, job);
  g_main_loop_unref (job->loop);
  g_free (job->path);
  g_hash_table_unref (job->completed);
  quilt_imported_clear (&job->result);
  g_clear_error (&job->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

gboolean
quilt_image_is_path (const char *image)
{
  return image[0] == '/' || g_str_has_prefix (image, "./") || g_str_has_prefix (image, "../");
}

/* Every user receives the signal, so it has no details. Only the connection that started the job
 * can ask for them. */
static void
finish (Job *job, GVariant *parameters)
{
  g_autoptr (GVariant) all =
      quilt_bus_call (job->ctl, job->path, QUILT_BUS_JOB, "GetResult",
                      g_variant_new ("(@a{sv})", quilt_bus_no_options ()), "(bssa{sv})", NULL);
  g_autoptr (GVariant) results = NULL;
  const char *name, *message;
  gboolean success;

  g_variant_get (all ? all : parameters, "(b&s&s@a{sv})", &success, &name, &message, &results);
  if (success) {
    g_variant_lookup (results, "digest", "s", &job->result.digest);
    g_variant_lookup (results, "existed", "b", &job->result.existed);
    g_variant_lookup (results, "nested", "b", &job->result.nested);
    job->result.left_out = g_variant_lookup_value (results, "left-out", G_VARIANT_TYPE ("a{st}"));
  } else {
    if (g_str_has_prefix (name, "org.quilt.Error."))
      name += strlen ("org.quilt.Error.");
    g_set_error_literal (&job->error, QUILT_ERROR, quilt_error_from_name (name), message);
  }
  g_main_loop_quit (job->loop);
}

static void
on_completed (const char *path, GVariant *parameters, gpointer data)
{
  Job *job = data;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(bssa{sv})")))
    return;
  if (!job->path)
    g_hash_table_insert (job->completed, g_strdup (path), g_variant_ref (parameters));
  else if (strcmp (path, job->path) == 0)
    finish (job, parameters);
}

static void
on_properties (const char *path, GVariant *parameters, gpointer data)
{
  Job *job = data;
  g_autoptr (GVariant) changed = NULL;

  if (g_strcmp0 (path, job->path) != 0 ||
      !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  changed = g_variant_get_child_value (parameters, 1);
  quilt_progress_update (&job->progress, changed);
}

static void
on_owner_changed (const char *path, GVariant *parameters, gpointer data)
{
  Job *job = data;
  const char *old_owner;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (parameters, "(&s&s&s)", NULL, &old_owner, NULL);
  if (*old_owner == '\0' || !job->path || !g_main_loop_is_running (job->loop))
    return;
  g_set_error (&job->error, QUILT_ERROR, QUILT_ERROR_FAILED, "%s during the %s; try again",
               quilt_dbus_is_closed (job->ctl->connection) ? "The connection to the bus was closed"
                                                           : "quiltd went away",
               job->what);
  g_main_loop_quit (job->loop);
}

static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  Job *job = data;
  GVariant *parameters;

  if (!reply->body) {
    job->error = g_steal_pointer (&reply->error);
    quilt_bus_fix_error (&job->error);
    g_main_loop_quit (job->loop);
    return;
  }
  g_variant_get (reply->body, "(o)", &job->path);
  parameters = g_hash_table_lookup (job->completed, job->path);
  if (parameters)
    finish (job, parameters);
}

/* Cancels the job, whose Completed reports the result. A second signal ends quiltctl without
 * waiting. */
static void
on_signal (int signum, gpointer data)
{
  Job *job = data;
  QuiltDbusCall call;

  if (!job->path || job->progress.cancelled) {
    g_clear_error (&job->error);
    g_set_error_literal (&job->error, QUILT_ERROR, QUILT_ERROR_CANCELLED, "Cancelled");
    g_main_loop_quit (job->loop);
    return;
  }
  job->progress.cancelled = TRUE;
  call = quilt_bus_make_call (job->ctl, job->path, QUILT_BUS_JOB, "Cancel",
                              g_variant_new ("(@a{sv})", quilt_bus_no_options ()), NULL);
  call.flags = 0;
  quilt_dbus_call (job->ctl->connection, &call, NULL, NULL, NULL);
}

static int
open_archive (const char *path, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (path);
  g_autofd int fd = -1;
  struct stat st;

  if (strcmp (path, "-") == 0) {
    if (isatty (STDIN_FILENO)) {
      g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                           "Failed to read an archive from the terminal: pipe an archive in");
      return -1;
    }
    fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  } else {
    fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  }
  if (fd < 0 || fstat (fd, &st) < 0) {
    quilt_set_error_errno (error, errno, "Failed to open '%s'", quoted);
    return -1;
  }
  if (S_ISDIR (st.st_mode)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to import '%s': is a directory; pack it: tar -C %s -c . | quiltctl "
                 "import - NAME",
                 quoted, quoted);
    return -1;
  }
  return g_steal_fd (&fd);
}

/* Subscribe before the call: the bus handles one connection's messages in order, so the signal
 * can't be missed. */
static void
subscribe (Job *job)
{
  static const QuiltDbusMatch completed = {
      .sender = QUILT_BUS_NAME, .interface = QUILT_BUS_JOB, .member = "Completed"};
  static const QuiltDbusMatch properties = {.sender = QUILT_BUS_NAME,
                                            .interface = QUILT_BUS_PROPERTIES,
                                            .member = "PropertiesChanged",
                                            .arg0 = QUILT_BUS_JOB};
  QuiltDbus *connection = job->ctl->connection;

  quilt_dbus_subscribe (connection, &completed, on_completed, job);
  quilt_dbus_subscribe (connection, &quilt_bus_owner_changed, on_owner_changed, job);
  if (job->progress.shown)
    quilt_dbus_subscribe (connection, &properties, on_properties, job);
}

/* "3 device-nodes, 1 sockets" */
static char *
list_left_out (GVariant *left_out)
{
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  const char *kind;
  guint64 count;

  g_variant_iter_init (&iter, left_out);
  while (g_variant_iter_next (&iter, "{&st}", &kind, &count))
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "", count,
                            kind);
  return g_string_free (text, FALSE);
}

static void
warn_left_out (const char *quoted, const QuiltImported *imported)
{
  g_autofree char *list = NULL;

  if (!imported->left_out || g_variant_n_children (imported->left_out) == 0)
    return;
  list = list_left_out (imported->left_out);
  quilt_ctl_warn ("Left out of '%s': %s; 'quiltctl inspect-image %.19s' names the first paths",
                  quoted, list, imported->digest);
}

static void
warn (const char *quoted_path, const QuiltImported *imported)
{
  warn_left_out (quoted_path, imported);
  if (imported->nested)
    quilt_ctl_warn ("All files of '%s' are below one directory; if that is the root file system, "
                    "pack it from inside: tar -C DIRECTORY -c . | quiltctl import - NAME",
                    quoted_path);
}

#define JOB(ctl_, what_)                                                                           \
  {                                                                                                \
    .ctl = (ctl_), .what = (what_), .loop = g_main_loop_new (NULL, FALSE),                         \
    .completed =                                                                                   \
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref),  \
  }

/* Calls a method that begins a job, and waits for its end. Takes args, floating, and closes *fd
 * unless it is -1, since the daemon must have the only reader of a pipe. Returns FALSE with
 * job->error set. */
static gboolean
run (Job *job, const char *method, GVariant *args, int *fd)
{
  QuiltDbusCall call =
      quilt_bus_make_call (job->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, method, args, "(o)");

  quilt_progress_init (&job->progress);
  job->progress.verb = job->verb;
  job->progress.shown &= !job->ctl->quiet;
  subscribe (job);
  call.fds = fd;
  call.n_fds = *fd >= 0 ? 1 : 0;
  quilt_dbus_call (job->ctl->connection, &call, on_answer, job, NULL);
  quilt_fd_clear (fd);
  g_main_loop_run (job->loop);
  quilt_progress_end (&job->progress);
  return job->result.digest != NULL;
}

static void
take_result (Job *job, QuiltImported *ret_imported)
{
  *ret_imported = job->result;
  job->result = (QuiltImported){0};
}

gboolean
quilt_image_import (QuiltCtl *ctl,
                    const char *path,
                    const char *name,
                    GVariant *options,
                    QuiltImported *ret_imported,
                    GError **error)
{
  g_auto (Job) job = JOB (ctl, "import");
  g_auto (QuiltSignals) signals = QUILT_SIGNALS_INIT;
  g_autoptr (GVariant) keys = g_variant_ref_sink (options ? options : quilt_bus_no_options ());
  g_autofree char *quoted = quilt_text_quote (path);
  g_autofd int fd = open_archive (path, error);

  if (fd < 0)
    return FALSE;
  quilt_signals_watch (&signals, on_signal, &job);
  if (!quilt_bus_check_text ("image name", name, error) || !quilt_bus_connect (ctl, error))
    return FALSE;
  if (!run (&job, "ImportImage", g_variant_new ("(hs@a{sv})", 0, name, keys), &fd)) {
    g_propagate_prefixed_error (error, g_steal_pointer (&job.error),
                                "Failed to import '%s': ", quoted);
    return FALSE;
  }
  warn (quoted, &job.result);
  take_result (&job, ret_imported);
  return TRUE;
}

gboolean
quilt_image_commit (QuiltCtl *ctl,
                    const char *container,
                    const char *name,
                    GVariant *options,
                    QuiltImported *ret_imported,
                    GError **error)
{
  g_auto (Job) job = JOB (ctl, "commit");
  g_auto (QuiltSignals) signals = QUILT_SIGNALS_INIT;
  g_autoptr (GVariant) keys = g_variant_ref_sink (options);
  g_autofree char *quoted = quilt_text_quote (container);
  int fd = -1;

  quilt_signals_watch (&signals, on_signal, &job);
  if (!quilt_bus_check_text ("container name", container, error) ||
      !quilt_bus_check_text ("image name", name, error) || !quilt_bus_connect (ctl, error))
    return FALSE;
  job.verb = "Committing";
  if (!run (&job, "CommitContainer", g_variant_new ("(ss@a{sv})", container, name, keys), &fd)) {
    g_propagate_prefixed_error (error, g_steal_pointer (&job.error),
                                "Failed to commit '%s': ", quoted);
    return FALSE;
  }
  warn_left_out (quoted, &job.result);
  take_result (&job, ret_imported);
  return TRUE;
}

char *
quilt_image_resolve (QuiltCtl *ctl, const char *image, GError **error)
{
  if (quilt_image_is_path (image)) {
    g_auto (QuiltImported) imported = {0};

    return quilt_image_import (ctl, image, "", NULL, &imported, error)
               ? g_steal_pointer (&imported.digest)
               : NULL;
  }
  return quilt_bus_check_text ("image name", image, error) ? g_strdup (image) : NULL;
}
