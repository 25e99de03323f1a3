/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-transfer: unpacks an untrusted archive into a layer for quiltd, which passes all
 * descriptors. */
#include "config.h"

#include "base/error.h"
#include "base/fd.h"
#include "proto/message.h"
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

enum { FD_SOCKET = 3, FD_ARCHIVE = 4, FD_LAYERS = 5 };

#define PROGRESS_INTERVAL_MS 100

typedef struct {
  QuiltUnpackLimits limits;
  char *temporary; /* name of the unfinished layer */
  QuiltControl control;
  int done_fd; /* eventfd, readable when the worker has ended */
  guint64 total;
  guint64 reported;
  QuiltTransferResult result;
  gboolean ok;
  GError *error;
} Transfer;

static gpointer
worker (gpointer data)
{
  Transfer *t = data;

  t->ok = quilt_transfer_run (FD_ARCHIVE, FD_LAYERS, t->temporary, &t->limits, &t->control,
                              &t->result, &t->error);
  eventfd_write (t->done_fd, 1);
  return NULL;
}

/* If the socket is full, skips this report: the next one is more recent. */
static void
report_progress (Transfer *t)
{
  QuiltMessage message;
  guint64 consumed = quilt_control_get_consumed (&t->control);

  if (consumed == t->reported)
    return;
  quilt_message_init (&message, QUILT_MESSAGE_PROGRESS);
  message.done = consumed;
  message.total = t->total;
  if (quilt_message_send (FD_SOCKET, &message))
    t->reported = consumed;
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
send_done (const Transfer *t)
{
  const QuiltTransferResult *result = &t->result;
  g_autofree char *text =
      g_strjoin (" ", result->digest, result->temporary,
                 NULL); /* without a temporary layer, the text is the digest alone */
  QuiltMessage message;

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

/* Reports progress until the worker ends. A signal, or the end of quiltd, cancels the transfer. */
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
      !quilt_transfer_check_input (FD_ARCHIVE, &t->total, error))
    return FALSE;
  thread = g_thread_try_new ("unpack", worker, t, error);
  if (!thread)
    return FALSE;
  watch_worker (t, signal_fd);
  g_thread_join (thread);
  if (!t->ok)
    g_propagate_error (error, g_steal_pointer (&t->error));
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
  gboolean no_end_mark = FALSE;
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
      {"max-bytes", 0, 0, G_OPTION_ARG_INT64, &max_bytes, "Largest image, unpacked", "BYTES"},
      {"max-entries", 0, 0, G_OPTION_ARG_INT64, &max_entries, "Most files in an image", "NUMBER"},
      {"temporary", 0, 0, G_OPTION_ARG_STRING, &t->temporary, "Name of the unfinished layer",
       "NAME"},
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
  if (argc > 1 || max_bytes <= 0 || max_entries <= 0) {
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
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Transfer t = {.done_fd = -1};
  gboolean sent;
  int signal_fd;

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
  if (!quilt_sandbox_enter (FD_LAYERS, FD_LAYERS, &error)) {
    send_error (error);
    return EXIT_FAILURE;
  }
  signal_fd = catch_signals ();
  if (!transfer (&t, signal_fd, &error)) {
    send_error (error);
    return EXIT_FAILURE;
  }
  sent = send_done (&t);
  quilt_transfer_result_clear (&t.result);
  g_free (t.temporary);
  return sent ? EXIT_SUCCESS : EXIT_FAILURE;
}
