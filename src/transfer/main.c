/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-transfer: makes a layer for quiltd, which passes all descriptors, of an untrusted archive
 * or of the changes of a container. */
#include "config.h"

#include "base/error.h"
#include "base/fd.h"
#include "proto/message.h"
#include "transfer/commit-input.h"
#include "transfer/commit.h"
#include "transfer/control.h"
#include "transfer/layer.h"
#include "transfer/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FD_SOCKET = 3, FD_ARCHIVE = 4, FD_LAYERS = QUILT_COMMIT_LAYERS };

/* Each level of a tree has descriptors. */
#define COMMIT_FILES_MAX 65536

#define PROGRESS_INTERVAL_MS 100

typedef struct {
  QuiltUnpackLimits limits;
  char *temporary; /* name of the unfinished layer */
  char *changes;   /* which attributes overlayfs uses for the container; NULL: unpack an archive */
  int n_lowers;
  gint64 pause_usec; /* how long the container may be paused; 0: not at all */
  gboolean salt;
  QuiltCommitInput input;
  QuiltControl control;
  int done_fd; /* eventfd, readable when the worker has ended */
  guint64 total;
  guint64 reported;
  QuiltTransferResult result;
  gboolean ok;
  GError *error;
  GError *pause_error; /* why the worker was cancelled */
} Transfer;

static gboolean
on_read (gpointer data, GError **error)
{
  const gboolean ok = quilt_pause_check (data, error);

  quilt_pause_end (data);
  return ok;
}

static gboolean
commit (Transfer *t)
{
  const QuiltCommit of = {.changes = t->input.changes,
                          .proc_fd = t->input.proc_fd,
                          .limits = &t->limits,
                          .salted = t->salt,
                          .control = &t->control,
                          .on_read = on_read,
                          .data = &t->input.pause};

  return quilt_commit_run (&of, FD_LAYERS, t->temporary, &t->result, &t->error);
}

static gpointer
worker (gpointer data)
{
  Transfer *t = data;

  t->ok = t->changes ? commit (t)
                     : quilt_transfer_run (FD_ARCHIVE, FD_LAYERS, t->temporary, &t->limits,
                                           &t->control, &t->result, &t->error);
  eventfd_write (t->done_fd, 1);
  return NULL;
}

static void
init_progress (Transfer *t, QuiltMessage *message)
{
  quilt_message_init (message, QUILT_MESSAGE_PROGRESS);
  message->done = quilt_control_get_consumed (&t->control);
  message->total = t->total;
}

/* If the socket is full, skips this report: the next one is more recent. */
static void
report_progress (Transfer *t)
{
  QuiltMessage message;

  init_progress (t, &message);
  if (message.done != t->reported && quilt_message_send (FD_SOCKET, &message))
    t->reported = message.done;
}

/* Sends the last message. If the socket is full, waits while there is a reader. */
static gboolean
send_last (const QuiltMessage *message)
{
  struct pollfd fd = {FD_SOCKET, POLLOUT, 0};

  while (!quilt_message_send (FD_SOCKET, message))
    if (errno != EAGAIN || (poll (&fd, 1, -1) < 0 && errno != EINTR))
      return FALSE;
  return TRUE;
}

static gboolean
send_done (Transfer *t)
{
  const QuiltTransferResult *result = &t->result;
  /* Without a temporary layer, the text is the digest alone. */
  g_autofree char *text =
      g_strjoin (" ", result->digest ? result->digest : "", result->temporary, NULL);
  QuiltMessage message;

  if (t->limits.max_stored > 0) { /* the receiver counts by this report, so don't skip it */
    init_progress (t, &message);
    if (!send_last (&message))
      return FALSE;
  }
  quilt_message_init (&message, QUILT_MESSAGE_DONE);
  message.exit_code = result->temporary == NULL;
  message.done = result->info.size;
  message.total = result->info.entries;
  quilt_message_set_text (&message, text);
  return send_last (&message);
}

static void
send_error (const GError *error)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_ERROR);
  message.code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
  quilt_message_set_text (&message, error->message);
  if (!send_last (&message))
    g_printerr ("quilt-transfer: %s\n", error->message);
}

/* The worker may be stuck in the kernel, so it does not watch the time itself. */
static void
watch_pause (Transfer *t)
{
  if (!t->pause_error && !quilt_pause_check (&t->input.pause, &t->pause_error))
    quilt_control_cancel (&t->control);
}

/* Reports progress until the worker ends. A signal, the end of quiltd, or a pause that is over too
 * early cancels the transfer. */
static void
watch_worker (Transfer *t, int signal_fd)
{
  struct pollfd fds[] = {{t->done_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}, {FD_SOCKET, POLLIN, 0}};

  for (;;) {
    int n = poll (fds, G_N_ELEMENTS (fds), PROGRESS_INTERVAL_MS);

    if (n < 0 && errno != EINTR)
      quilt_control_cancel (&t->control);
    if (n > 0 && fds[0].revents)
      return;
    if (n > 0 && (fds[1].revents || fds[2].revents)) {
      quilt_control_cancel (&t->control);
      fds[1].fd = fds[2].fd = -1; /* cancel only once */
    }
    watch_pause (t);
    report_progress (t);
  }
}

static gboolean
transfer (Transfer *t, int signal_fd, GError **error)
{
  GThread *thread;

  t->done_fd = eventfd (0, EFD_CLOEXEC);
  if (t->done_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to create an event descriptor");
  if (!quilt_control_init (&t->control, error) ||
      (!t->changes && !quilt_transfer_check_input (FD_ARCHIVE, &t->total, error)))
    return FALSE;
  thread = g_thread_try_new ("unpack", worker, t, error);
  if (!thread)
    return FALSE;
  watch_worker (t, signal_fd);
  g_thread_join (thread);
  if (t->pause_error && t->error)
    g_clear_error (&t->error); /* it only says that the worker was cancelled */
  if (!t->ok)
    g_propagate_error (error, t->error ? t->error : t->pause_error);
  return t->ok;
}

/* Later threads inherit the blocked signals. */
static int
catch_signals (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGHUP);
  return sigprocmask (SIG_BLOCK, &set, NULL) < 0 ? -1 : signalfd (-1, &set, SFD_CLOEXEC);
}

static gboolean
is_ours (void)
{
  int type = 0;
  socklen_t length = sizeof type;

  return getsockopt (FD_SOCKET, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
         type == SOCK_SEQPACKET && fcntl (FD_ARCHIVE, F_GETFD) >= 0 &&
         fcntl (FD_LAYERS, F_GETFD) >= 0;
}

static gboolean
parse_options (int argc, char **argv, Transfer *t, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  gint64 max_bytes = G_GINT64_CONSTANT (64) << 30;
  gint64 max_entries = G_GINT64_CONSTANT (4) << 20;
  gint64 max_stored = 0;
  gboolean no_end_mark = FALSE;
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
      {"max-bytes", 0, 0, G_OPTION_ARG_INT64, &max_bytes, "Largest image, unpacked", "BYTES"},
      {"max-entries", 0, 0, G_OPTION_ARG_INT64, &max_entries, "Most files in an image", "NUMBER"},
      {"max-stored", 0, 0, G_OPTION_ARG_INT64, &max_stored,
       "Most bytes on disk of a container's changes; 0: no limit", "BYTES"},
      {"temporary", 0, 0, G_OPTION_ARG_STRING, &t->temporary, "Name of the unfinished layer",
       "NAME"},
      {"changes", 0, 0, G_OPTION_ARG_STRING, &t->changes,
       "Make a layer of a container's changes; its overlayfs uses attributes in 'user' or "
       "'trusted'",
       "ATTRIBUTES"},
      {"lowers", 0, 0, G_OPTION_ARG_INT, &t->n_lowers, "Number of layers below the changes",
       "NUMBER"},
      {"pause", 0, 0, G_OPTION_ARG_INT64, &t->pause_usec,
       "Pause the container meanwhile, for at most this time", "MICROSECONDS"},
      {"salt", 0, 0, G_OPTION_ARG_NONE, &t->salt,
       "Make a digest of a container's changes that tells nothing about them", NULL},
      {"no-end-mark", 0, 0, G_OPTION_ARG_NONE, &no_end_mark,
       "Take an archive without the zeros that mark its end", NULL},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL},
      {NULL},
  };

  g_option_context_set_summary (context,
                                "Unpacks an archive for quiltd. Only quiltd starts this program.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (version) {
    g_print ("quilt-transfer %s\n", QUILT_VERSION);
    exit (EXIT_SUCCESS);
  }
  if (argc > 1 || max_bytes <= 0 || max_entries <= 0 || max_stored < 0 || t->n_lowers < 0 ||
      t->pause_usec < 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to parse the options: %s", argc > 1 ? argv[1] : "limits are above 0");
    return FALSE;
  }
  if (!t->temporary)
    t->temporary = quilt_layer_temporary_new ();
  if (!quilt_layer_temporary_check (t->temporary, error))
    return FALSE;
  t->limits.max_bytes = (guint64)max_bytes;
  t->limits.max_entries = (guint64)max_entries;
  t->limits.no_end_mark = no_end_mark;
  t->limits.max_stored = (guint64)max_stored;
  return TRUE;
}

/* Opens what is needed, and enters the sandbox. */
static gboolean
prepare (Transfer *t, GError **error)
{
  QuiltSandbox sandbox = {.dir_fd = FD_LAYERS};

  if (t->changes) {
    if (!quilt_commit_input_prepare (&t->input, t->changes, (guint)t->n_lowers,
                                     (guint64)t->pause_usec, error))
      return FALSE;
    sandbox.reads = t->input.reads;
    sandbox.files_max = COMMIT_FILES_MAX;
    sandbox.whiteouts = TRUE;
    sandbox.trusted = t->input.changes.attributes == &quilt_overlay_trusted;
  }
  return quilt_sandbox_enter (&sandbox, error);
}

static gboolean
run (Transfer *t, GError **error)
{
  int signal_fd;
  gboolean ok;

  close_range (t->changes ? (guint)(QUILT_COMMIT_LOWERS + t->n_lowers) : FD_LAYERS + 1, ~0U, 0);
  signal_fd = catch_signals ();
  ok = prepare (t, error) && transfer (t, signal_fd, error);
  if (t->changes)
    quilt_commit_input_clear (&t->input);
  return ok;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Transfer t = {.done_fd = -1, .input = QUILT_COMMIT_INPUT_NONE};
  gboolean sent;

  if (!parse_options (argc, argv, &t, &error)) {
    g_printerr ("quilt-transfer: %s\n", error->message);
    return EXIT_FAILURE;
  }
  if (!is_ours ()) {
    g_printerr ("quilt-transfer: Failed to start: quiltd starts it; use 'quiltctl import'\n");
    return EXIT_FAILURE;
  }
  umask (022); /* for directories that an archive implies; independent of the unit of quiltd */
  fcntl (FD_SOCKET, F_SETFL, O_NONBLOCK);
  /* Set the locale while its files can be opened. Without it, libarchive tries and fails to convert
   * each name. */
  setlocale (LC_CTYPE, "C.UTF-8");
  if (!run (&t, &error)) {
    send_error (error);
    return EXIT_FAILURE;
  }
  sent = send_done (&t);
  quilt_transfer_result_clear (&t.result);
  g_free (t.temporary);
  g_free (t.changes);
  return sent ? EXIT_SUCCESS : EXIT_FAILURE;
}
