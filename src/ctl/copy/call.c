/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of quiltd that reads or writes a pipe of quiltctl. */
#include "ctl/copy/call.h"

#include "base/error.h"
#include "base/fd.h"
#include "ctl/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

/* As large as a user may make a pipe by default. */
#define PIPE_SIZE (1024 * 1024)
#define SHOW_USEC (100 * 1000)

static void
on_signal (int signum, gpointer data)
{
  /* The main loop runs only after our side has ended. quilt_copy_call_wait() sees the signal. */
}

static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  QuiltCopyCall *call = data;

  call->is_answered = TRUE;
  if (reply->body) {
    g_variant_get (reply->body, "(@a{sv})", &call->results);
    return;
  }
  call->error = g_steal_pointer (&reply->error);
  quilt_bus_fix_error (&call->error);
}

static gboolean
make_pipe (int *ret_ours, int *ret_theirs, gboolean writes, GError **error)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC | O_NONBLOCK) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a pipe");
  fcntl (ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* only faster */
  *ret_ours = ends[writes ? 1 : 0];
  *ret_theirs = ends[writes ? 0 : 1];
  return TRUE;
}

static GVariant *
make_args (const char *name, const char *path, GVariant *options)
{
  return path ? g_variant_new ("(s@ayh@a{sv})", name, g_variant_new_bytestring (path), 0, options)
              : g_variant_new ("(sh@a{sv})", name, 0, options);
}

gboolean
quilt_copy_call_begin (QuiltCopyCall *call,
                       const char *method,
                       const char *name,
                       const char *path,
                       gboolean writes,
                       GVariant *options,
                       GError **error)
{
  g_autoptr (GVariant) keys = g_variant_ref_sink (options);
  g_autoptr (GVariant) args = NULL;
  g_autofd int theirs = -1;
  QuiltDbusCall dbus;
  int ours = -1;

  if (!quilt_bus_check_text ("container name", name, error) ||
      !quilt_bus_connect (call->ctl, error) || !make_pipe (&ours, &theirs, writes, error))
    return FALSE;
  quilt_tar_stream_init (&call->stream, ours, quilt_copy_call_wait, call);
  quilt_progress_init (&call->progress);
  call->progress.verb = "Copying";
  call->progress.shown &= !call->ctl->quiet;
  call->began_usec = g_get_monotonic_time ();
  quilt_signals_watch (&call->signals, on_signal, call);
  args = g_variant_ref_sink (make_args (name, path, keys));
  dbus =
      quilt_bus_make_call (call->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, method, args, "(a{sv})");
  dbus.fds = &theirs;
  dbus.n_fds = 1;
  quilt_dbus_call (call->ctl->connection, &dbus, on_answer, call, NULL);
  quilt_dbus_drain (call->ctl->connection, -1);
  return TRUE;
}

static void
show_progress (QuiltCopyCall *call)
{
  const gint64 now = g_get_monotonic_time ();

  if (!call->progress.shown || now - call->shown_usec < SHOW_USEC)
    return;
  call->shown_usec = now;
  quilt_progress_show (&call->progress, call->stream.bytes,
                       call->stream.bytes * G_USEC_PER_SEC /
                           (guint64)MAX (now - call->began_usec, 1));
}

gboolean
quilt_copy_call_wait (int fd, short events, gpointer data)
{
  QuiltCopyCall *call = data;
  struct pollfd fds[] = {{fd, events, 0}, {call->signals.fd, POLLIN, 0}};

  show_progress (call);
  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    if (errno != EINTR)
      return FALSE;
  if (!fds[1].revents)
    return TRUE;
  errno = ECANCELED;
  return FALSE;
}

static guint64
get_left_out (const QuiltCopyCall *call, const QuiltTarReport *report, QuiltTarLeft kind)
{
  g_autoptr (GVariant) left =
      call->results ? g_variant_lookup_value (call->results, "left-out", G_VARIANT_TYPE ("a{st}"))
                    : NULL;
  guint64 count = 0;

  if (left)
    g_variant_lookup (left, quilt_tar_left_name (kind), "t", &count);
  return count + report->left[kind];
}

static void
warn_left_out (const QuiltCopyCall *call, const QuiltTarReport *report)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < QUILT_TAR_LEFT_KINDS; i++) {
    guint64 count = get_left_out (call, report, i);

    if (count > 0)
      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "", count,
                              quilt_tar_left_name (i));
  }
  if (text->len > 0)
    quilt_ctl_warn ("Left out or incomplete: %s", text->str);
}

/* Whether our side's error is the cause. If the other side has stopped, ours only sees that the
 * stream has ended, and the other way round. */
static gboolean
is_cause (const QuiltCopyCall *call, const GError *error)
{
  return !call->error || g_error_matches (call->error, QUILT_ERROR, QUILT_ERROR_CANCELLED) ||
         !(g_error_matches (error, QUILT_ERROR, QUILT_ERROR_CANCELLED) ||
           g_error_matches (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE));
}

int
quilt_copy_call_end (QuiltCopyCall *call, const QuiltTarReport *report, const GError *error)
{
  int code = 0;

  quilt_fd_clear (&call->stream.fd);
  quilt_tar_stream_clear (&call->stream);
  quilt_progress_end (&call->progress);
  quilt_signals_clear (&call->signals); /* a signal that has arrived ends quiltctl here */
  while (!call->is_answered && quilt_dbus_iterate (call->ctl->connection, -1))
    ;
  if (error && is_cause (call, error))
    code = quilt_ctl_fail (call->ctl, error);
  else if (call->error)
    code = quilt_ctl_fail (call->ctl, call->error);
  else if (!call->is_answered)
    code = quilt_ctl_usage (call->ctl, "The connection to the bus was closed during the copy");
  else
    warn_left_out (call, report);
  g_clear_pointer (&call->results, g_variant_unref);
  g_clear_error (&call->error);
  return code;
}
