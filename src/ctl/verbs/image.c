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

/* One import, from the call until its job's signal. */
typedef struct {
  QuiltCtl *ctl;
  GMainLoop *loop;
  char *job;
  /* job → parameters of Completed, since the signal may arrive before the answer */
  GHashTable *completed;
  QuiltProgress progress;
  QuiltImported result;
  GError *error;
} Import;

void
quilt_imported_clear (QuiltImported *imported)
{
  g_clear_pointer (&imported->digest, g_free);
  g_clear_pointer (&imported->left_out, g_variant_unref);
}

static void
import_clear (Import *import)
{
  if (import->ctl->connection)
    quilt_dbus_unsubscribe (import->ctl->connection, import);
  g_main_loop_unref (import->loop);
  g_free (import->job);
  g_hash_table_unref (import->completed);
  quilt_imported_clear (&import->result);
  g_clear_error (&import->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Import, import_clear)

gboolean
quilt_image_is_path (const char *image)
{
  return image[0] == '/' || g_str_has_prefix (image, "./") || g_str_has_prefix (image, "../");
}

/* Every user receives the signal, so it has no details. Only the connection that started the job
 * can ask for them. */
static void
finish (Import *import, GVariant *parameters)
{
  g_autoptr (GVariant) all =
      quilt_bus_call (import->ctl, import->job, QUILT_BUS_JOB, "GetResult",
                      g_variant_new ("(@a{sv})", quilt_bus_no_options ()), "(bssa{sv})", NULL);
  g_autoptr (GVariant) results = NULL;
  const char *name, *message;
  gboolean success;

  g_variant_get (all ? all : parameters, "(b&s&s@a{sv})", &success, &name, &message, &results);
  if (success) {
    g_variant_lookup (results, "digest", "s", &import->result.digest);
    g_variant_lookup (results, "existed", "b", &import->result.existed);
    g_variant_lookup (results, "nested", "b", &import->result.nested);
    import->result.left_out =
        g_variant_lookup_value (results, "left-out", G_VARIANT_TYPE ("a{st}"));
  } else {
    if (g_str_has_prefix (name, "org.quilt.Error."))
      name += strlen ("org.quilt.Error.");
    g_set_error_literal (&import->error, QUILT_ERROR, quilt_error_from_name (name), message);
  }
  g_main_loop_quit (import->loop);
}

static void
on_completed (const char *path, GVariant *parameters, gpointer data)
{
  Import *import = data;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(bssa{sv})")))
    return;
  if (!import->job)
    g_hash_table_insert (import->completed, g_strdup (path), g_variant_ref (parameters));
  else if (strcmp (path, import->job) == 0)
    finish (import, parameters);
}

static void
on_properties (const char *path, GVariant *parameters, gpointer data)
{
  Import *import = data;
  g_autoptr (GVariant) changed = NULL;

  if (g_strcmp0 (path, import->job) != 0 ||
      !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  changed = g_variant_get_child_value (parameters, 1);
  quilt_progress_update (&import->progress, changed);
}

static void
on_owner_changed (const char *path, GVariant *parameters, gpointer data)
{
  Import *import = data;
  const char *old_owner;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (parameters, "(&s&s&s)", NULL, &old_owner, NULL);
  if (*old_owner == '\0' || !import->job || !g_main_loop_is_running (import->loop))
    return;
  g_set_error_literal (&import->error, QUILT_ERROR, QUILT_ERROR_FAILED,
                       quilt_dbus_is_closed (import->ctl->connection)
                           ? "The connection to the bus was closed during the import; try again"
                           : "quiltd went away during the import; try again");
  g_main_loop_quit (import->loop);
}

static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  Import *import = data;
  GVariant *parameters;

  if (!reply->body) {
    import->error = g_steal_pointer (&reply->error);
    quilt_bus_fix_error (&import->error);
    g_main_loop_quit (import->loop);
    return;
  }
  g_variant_get (reply->body, "(o)", &import->job);
  parameters = g_hash_table_lookup (import->completed, import->job);
  if (parameters)
    finish (import, parameters);
}

/* Cancels the job, whose Completed reports the result. A second signal ends quiltctl without
 * waiting. */
static void
on_signal (int signum, gpointer data)
{
  Import *import = data;
  QuiltDbusCall call;

  if (!import->job || import->progress.cancelled) {
    g_clear_error (&import->error);
    g_set_error_literal (&import->error, QUILT_ERROR, QUILT_ERROR_CANCELLED, "Cancelled");
    g_main_loop_quit (import->loop);
    return;
  }
  import->progress.cancelled = TRUE;
  call = quilt_bus_make_call (import->ctl, import->job, QUILT_BUS_JOB, "Cancel",
                              g_variant_new ("(@a{sv})", quilt_bus_no_options ()), NULL);
  call.flags = 0;
  quilt_dbus_call (import->ctl->connection, &call, NULL, NULL, NULL);
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
subscribe (Import *import)
{
  static const QuiltDbusMatch completed = {
      .sender = QUILT_BUS_NAME, .interface = QUILT_BUS_JOB, .member = "Completed"};
  static const QuiltDbusMatch properties = {.sender = QUILT_BUS_NAME,
                                            .interface = QUILT_BUS_PROPERTIES,
                                            .member = "PropertiesChanged",
                                            .arg0 = QUILT_BUS_JOB};
  QuiltDbus *connection = import->ctl->connection;

  quilt_dbus_subscribe (connection, &completed, on_completed, import);
  quilt_dbus_subscribe (connection, &quilt_bus_owner_changed, on_owner_changed, import);
  if (import->progress.shown)
    quilt_dbus_subscribe (connection, &properties, on_properties, import);
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
warn (const char *quoted_path, const QuiltImported *imported)
{
  if (imported->left_out && g_variant_n_children (imported->left_out) > 0) {
    g_autofree char *list = list_left_out (imported->left_out);

    quilt_ctl_warn ("Left out of '%s': %s; 'quiltctl inspect-image %.19s' names the first paths",
                    quoted_path, list, imported->digest);
  }
  if (imported->nested)
    quilt_ctl_warn ("All files of '%s' are below one directory; if that is the root file system, "
                    "pack it from inside: tar -C DIRECTORY -c . | quiltctl import - NAME",
                    quoted_path);
}

gboolean
quilt_image_import (QuiltCtl *ctl,
                    const char *path,
                    const char *name,
                    GVariant *options,
                    QuiltImported *ret_imported,
                    GError **error)
{
  g_auto (Import) import = {
      .ctl = ctl,
      .loop = g_main_loop_new (NULL, FALSE),
      .completed =
          g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref),
  };
  g_auto (QuiltSignals) signals = QUILT_SIGNALS_INIT;
  g_autoptr (GVariant) keys = g_variant_ref_sink (options ? options : quilt_bus_no_options ());
  g_autofree char *quoted = quilt_text_quote (path);
  QuiltDbusCall call;
  g_autofd int fd = open_archive (path, error);

  if (fd < 0)
    return FALSE;
  quilt_signals_watch (&signals, on_signal, &import);
  if (!quilt_bus_check_text ("image name", name, error) || !quilt_bus_connect (ctl, error))
    return FALSE;
  quilt_progress_init (&import.progress);
  import.progress.shown &= !ctl->quiet;
  subscribe (&import);
  call = quilt_bus_make_call (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, "ImportImage",
                              g_variant_new ("(hs@a{sv})", 0, name, keys), "(o)");
  call.fds = &fd;
  call.n_fds = 1;
  quilt_dbus_call (ctl->connection, &call, on_answer, &import, NULL);
  quilt_fd_clear (&fd); /* the daemon must have the only reader of a pipe */
  g_main_loop_run (import.loop);
  quilt_progress_end (&import.progress);
  if (!import.result.digest) {
    g_propagate_prefixed_error (error, g_steal_pointer (&import.error),
                                "Failed to import '%s': ", quoted);
    return FALSE;
  }
  warn (quoted, &import.result);
  *ret_imported = import.result;
  import.result = (QuiltImported){0};
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
