/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run and create: make a container of an image. An attached run also copies the container's output
 * until it ends. */
#include "ctl/bus.h"
#include "ctl/options/create.h"
#include "ctl/verbs/id-file.h"
#include "ctl/verbs/image.h"
#include "ctl/verbs/limit-warning.h"
#include "ctl/print.h"
#include "ctl/streams/signals.h"
#include "ctl/streams/stream.h"
#include "ctl/verbs/waiter.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/names.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Time limit for the streams of a container that failed to start. */
#define FAILED_STREAMS_MSEC 2000
#define NAME_TIMEOUT_MSEC 500
#define N_STREAMS 2

typedef struct {
  QuiltCtl *ctl;
  const QuiltCreateArgs *create;
  QuiltIdFile *id_file;
  GMainLoop *loop;
  const char *name; /* NULL: unknown until the answer */
  char *id;         /* NULL: unknown until the answer */
  QuiltWaiter *waiter;
  guint open_streams;
  gboolean has_setup;
  /* a signal that arrived before there was a container to send it to; 0: none */
  int pending_signal;
  int code;           /* -1: unknown so far */
  gboolean unwritten; /* writing to our stdout has failed */
  gboolean unread;    /* the reader of our output is gone */
  guint interrupts;   /* number of Ctrl-C so far */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->waiter, quilt_waiter_free);
  g_main_loop_unref (run->loop);
  g_free (run->id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static const char *
lookup_environment (const char *name)
{
  return g_getenv (name);
}

static void
check_end (Run *run)
{
  if (run->open_streams == 0 && run->code >= 0)
    g_main_loop_quit (run->loop);
  else if (run->open_streams == 0 && run->waiter)
    quilt_waiter_hurry (run->waiter);
}

static void
on_ended (int exit_code, const char *reason, const GError *error, gpointer data)
{
  Run *run = data;

  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    run->code = quilt_ctl_usage (run->ctl,
                                 "Failed to get the exit code of container '%s': quiltd was killed "
                                 "meanwhile, and there is no such container now",
                                 run->name ? run->name : run->id);
  else if (error)
    run->code = quilt_ctl_fail (run->ctl, error);
  else if (exit_code < 0)
    run->code = quilt_ctl_usage (run->ctl,
                                 "Failed to get the exit code of container '%s': %s; see: "
                                 "journalctl CONTAINER_ID=%.12s",
                                 run->name ? run->name : run->id, reason, run->id);
  else
    run->code = exit_code;
  check_end (run);
}

static void
on_told (QuiltDbusReply *reply, gpointer data)
{
  /* Ignore failures in the body of the answer: a container that has just ended can't be signalled,
   * and its end is reported anyway. */
  if (reply->error && !quilt_bus_error_is_lost (reply->error)) {
    quilt_bus_fix_error (&reply->error);
    quilt_ctl_warn ("%s", reply->error->message);
  }
}

/* Calls a method of quiltd, and reports only failures. */
static void
tell (Run *run, const char *method, GVariant *args)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (args);
  const QuiltDbusCall call =
      quilt_bus_make_call (run->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, method, owned, NULL);
  g_autoptr (GError) error = NULL;

  if (quilt_bus_connect (run->ctl, &error))
    quilt_dbus_call (run->ctl->connection, &call, on_told, NULL, NULL);
  else
    quilt_ctl_warn ("%s", error->message);
}

static void
send_signal (Run *run, int signum)
{
  const char *const names[] = {run->id, NULL};

  tell (run, "KillContainers",
        g_variant_new ("(^asi@a{sv})", names, signum, quilt_bus_no_options ()));
}

static void
stop (Run *run, const char *option)
{
  const char *const names[] = {run->id ? run->id : run->name, NULL};
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (option)
    g_variant_builder_add (&options, "{sv}", option, g_variant_new_boolean (TRUE));
  tell (run, "StopContainers", g_variant_new ("(^asa{sv})", names, &options));
}

/* The container's name, which quiltd may have chosen. Owned by the caller. Waits only briefly for
 * the answer: if quiltd hangs, the next Ctrl-C must still work. */
static char *
get_name (const Run *run)
{
  g_autofree char *path = g_strconcat (QUILT_BUS_PATH "/container/", run->id, NULL);
  g_auto (QuiltDbusReply) reply = {0};
  g_autoptr (GVariant) name = NULL;

  if (g_variant_is_object_path (path) && quilt_bus_connect (run->ctl, NULL)) {
    QuiltDbusCall call =
        quilt_bus_make_call (run->ctl, path, QUILT_BUS_PROPERTIES, "Get",
                             g_variant_new ("(ss)", QUILT_BUS_CONTAINER, "Name"), "(v)");

    call.flags = QUILT_DBUS_NO_AUTO_START;
    quilt_dbus_call_sync (run->ctl->connection, &call, NAME_TIMEOUT_MSEC, &reply);
  }
  if (reply.body)
    g_variant_get (reply.body, "(v)", &name);
  if (!name || !g_variant_is_of_type (name, G_VARIANT_TYPE_STRING))
    return g_strdup (run->name ? run->name : run->id);
  return g_variant_dup_string (name, NULL);
}

/* A terminal has printed "^C" at the cursor. */
static void
begin_line (void)
{
  if (isatty (STDERR_FILENO))
    fputc ('\n', stderr);
}

/* When the reader of our output is gone, quiltctl ends, as programs in a pipeline do. A container
 * with --rm is stopped: its writes fail, as ours did. Other containers continue. If the container
 * does not exist yet, waits for its start. A setup step can be stopped by the container's name. */
static void
follow_reader (Run *run)
{
  g_autofree char *name = NULL;

  if (!run->unread || (!run->id && !run->has_setup))
    return;
  name = run->id ? get_name (run) : g_strdup (run->name);
  if (quilt_create_get (run->create, "rm")->flag) {
    quilt_ctl_warn ("The reader of the output is gone; stopping container %s (--rm)", name);
    stop (run, "close-output");
    return;
  }
  quilt_ctl_warn ("The reader of the output is gone; container %s goes on; to stop it: quiltctl "
                  "stop %s",
                  name, name);
  g_main_loop_quit (run->loop);
}

static void
lose_reader (Run *run)
{
  if (!run->unread) {
    run->unread = TRUE;
    follow_reader (run);
  }
  check_end (run);
}

static void
on_stdout_end (int errsv, gpointer data)
{
  Run *run = data;

  run->open_streams--;
  if (errsv == EPIPE) {
    lose_reader (run);
    return;
  }
  if (errsv) {
    quilt_ctl_warn ("Failed to write to stdout: %s; the container goes on", g_strerror (errsv));
    run->unwritten = TRUE;
  }
  check_end (run);
}

static void
on_stderr_end (int errsv, gpointer data)
{
  Run *run = data;

  run->open_streams--;
  if (errsv == EPIPE)
    lose_reader (run);
  else
    check_end (run);
}

/* The kernel drops a signal to a container's first process that the process does not handle, so
 * Ctrl-C may do nothing. The first Ctrl-C tells the user that the signal was sent and that the
 * third will kill. The second tells how to stop the container. The third sends SIGKILL. This
 * applies only on a terminal: a program that sends SIGINT may want its container to continue. */
static void
interrupt (Run *run)
{
  g_autofree char *name = NULL;

  if (!isatty (STDERR_FILENO)) {
    send_signal (run, SIGINT);
    return;
  }
  run->interrupts++;
  name = get_name (run);
  send_signal (run, run->interrupts < 3 ? SIGINT : SIGKILL);
  begin_line ();
  if (run->interrupts == 1)
    quilt_ctl_warn ("Sent SIGINT to container %s; if it does not end, the third Ctrl-C kills it",
                    name);
  else if (run->interrupts == 2)
    quilt_ctl_warn (
        "Container %s still runs after SIGINT; to stop it: quiltctl stop %s; to kill it: "
        "Ctrl-C once more",
        name, name);
  else
    quilt_ctl_warn ("Killing container %s, which did not end after SIGINT", name);
}

static void
pass_on (Run *run, int signum)
{
  if (signum == SIGINT)
    interrupt (run);
  else
    send_signal (run, signum);
}

/* Setup steps run before RunContainer is answered. A user who interrupts them wants the container
 * gone, and there is no command yet that could get the signal. */
static void
on_signal (int signum, gpointer data)
{
  Run *run = data;
  gboolean again = run->pending_signal != 0;

  if (run->code >= 0) {
    g_main_loop_quit (run->loop); /* the container has ended, and only unread output is left */
    return;
  }
  if (run->id) {
    pass_on (run, signum);
    return;
  }
  run->pending_signal = signum;
  if (signum == SIGUSR1 || signum == SIGUSR2)
    return;
  if (run->has_setup && !again) {
    stop (run, NULL);
  } else if (again) {
    run->code = QUILT_EXIT_SIGNAL + signum;
    g_main_loop_quit (run->loop);
  }
}

static gboolean
on_streams_overdue (gpointer data)
{
  Run *run = data;

  g_main_loop_quit (run->loop);
  return G_SOURCE_REMOVE;
}

/* Whether the container was created, but quiltd was killed before it started it. No quiltd will
 * start it, so there is no exit to wait for. */
static gboolean
never_began (Run *run)
{
  g_autoptr (GVariant) rows = quilt_bus_list_containers (run->ctl, NULL, NULL);
  const char *name, *state;
  GVariantIter iter;

  if (!rows)
    return FALSE;
  g_variant_iter_init (&iter, rows);
  while (g_variant_iter_next (&iter, QUILT_BUS_CONTAINER_ROW, NULL, NULL, &name, NULL, NULL, &state,
                              NULL, NULL, NULL, NULL, NULL, NULL, NULL))
    if (g_str_equal (name, run->name))
      return g_str_equal (state, "pending");
  return FALSE;
}

/* Writes the files of --cidfile and --pidfile. */
static gboolean
write_files (QuiltCtl *ctl,
             const QuiltCreateArgs *create,
             QuiltIdFile *id_file,
             const char *id,
             const char *path,
             GError **error)
{
  return quilt_id_file_write (id_file, id, error) &&
         quilt_pid_file_write (ctl, quilt_create_get (create, "pidfile")->text, path, error);
}

static void
on_started (QuiltDbusReply *reply, gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;
  const char *path;

  if (reply->error && run->name && quilt_bus_error_is_lost (reply->error) && !never_began (run)) {
    /* quiltd was killed, for example during a setup step. The container continues, and the next
     * quiltd knows it, or knows that it was never created. */
    run->id = g_strdup (run->name);
    run->waiter = quilt_waiter_new (run->ctl, run->id, NULL, on_ended, run);
    check_end (run);
    return;
  }
  if (reply->error) {
    quilt_bus_fix_error (&reply->error);
    quilt_create_name_option (run->create, reply->error);
    if (run->pending_signal == SIGINT)
      begin_line ();
    run->code = quilt_ctl_fail (run->ctl, reply->error);
    if (run->pending_signal)
      run->code = QUILT_EXIT_SIGNAL + run->pending_signal;
    g_timeout_add (FAILED_STREAMS_MSEC, on_streams_overdue, run);
    check_end (run);
    return;
  }
  g_variant_get (reply->body, "(&os)", &path, &run->id);
  if (!write_files (run->ctl, run->create, run->id_file, run->id, path, &error))
    quilt_ctl_warn ("%s; the container goes on", error->message);
  if (run->pending_signal)
    pass_on (run, run->pending_signal);
  run->waiter = quilt_waiter_new (run->ctl, run->id, NULL, on_ended, run);
  follow_reader (run);
  check_end (run);
}

/* Makes the pipes for the container's output, and adds their indexes as options. */
static gboolean
open_streams (Run *run, GVariantBuilder *options, int writers[N_STREAMS], GError **error)
{
  const struct {
    const char *key;
    int fd;
    QuiltStreamDone done;
  } streams[N_STREAMS] = {{"stdout", STDOUT_FILENO, on_stdout_end},
                          {"stderr", STDERR_FILENO, on_stderr_end}};

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    if (!quilt_stream_new (streams[i].fd, streams[i].done, run, &writers[i])) {
      quilt_set_error_errno (error, errno, "Failed to make a pipe");
      return FALSE;
    }
    run->open_streams++;
    g_variant_builder_add (options, "{sv}", streams[i].key, g_variant_new_handle ((gint32)i));
  }
  return TRUE;
}

static int
run_attached (QuiltCtl *ctl,
              const char *image,
              const QuiltCreateArgs *create,
              QuiltIdFile *id_file,
              GVariant *options)
{
  g_auto (Run) run = {.ctl = ctl,
                      .create = create,
                      .id_file = id_file,
                      .loop = g_main_loop_new (NULL, FALSE),
                      .name = quilt_create_get (create, "name")->text,
                      .has_setup = quilt_create_get (create, "setup")->texts != NULL,
                      .code = -1};
  g_auto (QuiltSignals) signals = QUILT_SIGNALS_INIT;
  g_autoptr (GError) error = NULL;
  int writers[N_STREAMS] = {-1, -1};
  GVariantBuilder builder;
  QuiltDbusCall call;

  quilt_create_begin_call (&builder, options);
  quilt_signals_watch (&signals, on_signal, &run);
  if (!open_streams (&run, &builder, writers, &error) || !quilt_bus_connect (ctl, &error)) {
    g_variant_builder_clear (&builder);
    return quilt_ctl_fail (ctl, error);
  }
  call = quilt_bus_make_call (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, "RunContainer",
                              g_variant_new ("(s@a{sv})", image, g_variant_builder_end (&builder)),
                              "(os)");
  call.fds = writers;
  call.n_fds = N_STREAMS;
  quilt_dbus_call (ctl->connection, &call, on_started, &run, NULL);
  /* Only the container may hold the writing ends. Otherwise there would be no end of file. */
  for (guint i = 0; i < N_STREAMS; i++)
    quilt_fd_clear (&writers[i]);
  g_main_loop_run (run.loop);
  if (run.unread && run.id)
    return QUILT_EXIT_SIGNAL + SIGPIPE;
  return run.unwritten ? QUILT_EXIT_RUN_FAILURE : run.code;
}

/* Makes the call without streams. */
static int
call_create (QuiltCtl *ctl,
             const char *method,
             const char *image,
             const QuiltCreateArgs *create,
             QuiltIdFile *id_file,
             GVariant *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = quilt_bus_call_manager (
      ctl, method, g_variant_new ("(s@a{sv})", image, quilt_create_call_options (options)), "(os)",
      &error);
  const char *path, *id;

  if (!reply) {
    quilt_create_name_option (create, error);
    return quilt_ctl_fail (ctl, error);
  }
  g_variant_get (reply, "(&o&s)", &path, &id);
  if (ctl->json == QUILT_JSON_OFF) {
    puts (id);
  } else {
    g_autoptr (json_object) object = json_object_new_object ();

    quilt_json_add_string (object, "id", id);
    quilt_print_json (ctl, object);
  }
  return write_files (ctl, create, id_file, id, path, &error) ? 0 : quilt_ctl_fail (ctl, error);
}

/* --replace: removes the container that has the name, after checking that the new container's image
 * exists. */
static gboolean
make_room (QuiltCtl *ctl, const char *name, const char *image, GError **error)
{
  const char *const names[] = {name, NULL};
  g_autofree char *path = name ? quilt_bus_image_path (ctl, image, error) : NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) failures = NULL;
  GVariantDict options;
  const char *code, *message;

  if (!name) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "Failed to replace a container: --replace needs --name");
    return FALSE;
  }
  if (!path)
    return FALSE;
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "force", "b", TRUE);
  reply = quilt_bus_call_manager (
      ctl, "RemoveContainers", g_variant_new ("(^as@a{sv})", names, g_variant_dict_end (&options)),
      "(a(sss))", error);
  if (!reply)
    return FALSE;
  g_variant_get (reply, "(a(sss))", &failures);
  if (!g_variant_iter_next (failures, "(&s&s&s)", NULL, &code, &message) ||
      g_str_has_suffix (code, ".NotFound"))
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, message);
  return FALSE;
}

/* All checks come before --replace removes a container. */
static int
prepare_and_call (QuiltCtl *ctl, const QuiltCreateArgs *create, char **args, gboolean run)
{
  const char *name = quilt_create_get (create, "name")->text;
  g_auto (QuiltIdFile) id_file = QUILT_ID_FILE_INIT;
  g_autoptr (GVariant) options = NULL;
  g_auto (QuiltLimits) limits = QUILT_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  g_autofree char *image = NULL;
  int code;

  ctl->quiet = quilt_create_get (create, "quiet")->flag;
  options = quilt_create_options (create, args + 1, lookup_environment, &error);
  if (options)
    g_variant_ref_sink (options);
  image = options ? quilt_image_resolve (ctl, args[0], &error) : NULL;
  if (!image ||
      !quilt_id_file_open (&id_file, quilt_create_get (create, "cidfile")->text, &error) ||
      (quilt_create_get (create, "replace")->flag && !make_room (ctl, name, image, &error)))
    return quilt_ctl_fail (ctl, error);
  quilt_limits_ask (&limits, ctl, options);
  if (run && !create->detach)
    return run_attached (ctl, image, create, &id_file, options);
  code =
      call_create (ctl, run ? "RunContainer" : "CreateContainer", image, create, &id_file, options);
  quilt_limits_wait (&limits);
  return code;
}

int
verb_create (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltCreateArgs) create = {0};
  char **args = quilt_create_parse (ctl, argv, FALSE, &create);

  if (!args)
    return ctl->parse_code;
  if (quilt_create_get (&create, "pidfile")->text)
    return quilt_ctl_usage (ctl, "option --pidfile works only with run: a created container has no "
                                 "process yet; after its start, use: quiltctl show -p Pid --value");
  return prepare_and_call (ctl, &create, args, FALSE);
}

int
verb_run (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltCreateArgs) create = {0};
  char **args = quilt_create_parse (ctl, argv, TRUE, &create);
  QuiltCreateValue *name;

  if (!args)
    return ctl->parse_code;
  name = quilt_create_find (&create, "name");
  /* To interrupt setup steps, we need the container's name before RunContainer is answered. So
   * choose a name here. */
  if (quilt_create_get (&create, "setup")->texts && !name->text && !create.detach) {
    g_autofree char *id = quilt_id_new ();

    name->text = g_strdup_printf ("run-%.12s", id);
  }
  return prepare_and_call (ctl, &create, args, TRUE);
}
