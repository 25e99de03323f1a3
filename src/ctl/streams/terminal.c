/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects our terminal to the terminal of a process in a container. */
#include "ctl/streams/terminal.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK (16 * 1024)

/* The kernel passes the last output on within a few milliseconds. */
#define SILENCE_MSEC 50

struct QuiltTerminal {
  int output_fd, input_fd; /* may be the same */
  guint input; /* waits for our stdin, or until the other terminal takes what was typed */
  guint output, resized;
  guint hurried; /* the timer, once the command has ended */
  QuiltDetachKeys keys;
  gboolean is_detached; /* once what was typed before is passed on */
  gboolean is_broken;   /* input takes no more; keys can still detach */
  char typed[CHUNK + QUILT_DETACH_KEYS_MAX];
  gsize length, written;
  int resize_fd;
  sigset_t old_mask;
  gboolean is_raw;
  struct termios saved;
  pid_t guardian; /* 0 or less: none */
  int guard;      /* the guardian restores the terminal when this is closed */
  const QuiltTerminalEvents *events;
  gpointer data;
};

static gboolean
get_size (struct winsize *ret_size)
{
  return ioctl (STDOUT_FILENO, TIOCGWINSZ, ret_size) == 0 ||
         ioctl (STDIN_FILENO, TIOCGWINSZ, ret_size) == 0;
}

gboolean
quilt_terminal_get_size (guint16 *ret_columns, guint16 *ret_rows)
{
  struct winsize size;

  if (!get_size (&size))
    return FALSE;
  *ret_columns = size.ws_col;
  *ret_rows = size.ws_row;
  return TRUE;
}

static void
copy_size (const QuiltTerminal *self)
{
  struct winsize size;

  if (!get_size (&size))
    return;
  if (self->events->resized)
    self->events->resized (size.ws_col, size.ws_row, self->data);
  else
    ioctl (self->output_fd, TIOCSWINSZ, &size); /* fails once the other terminal is closed */
}

static gboolean
on_resized (int fd, GIOCondition condition, gpointer data)
{
  struct signalfd_siginfo info;

  while (read (fd, &info, sizeof info) == sizeof info)
    copy_size (data);
  return G_SOURCE_CONTINUE;
}

/* Runs in the guardian. Its terminal is ours, and it ignores all signals that the terminal sends. A
 * byte says that the terminal is restored. */
static void
guard (int fd, const struct termios *saved)
{
  sigset_t all;
  char byte;
  ssize_t n;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  prctl (PR_SET_NAME, "quiltctl-guard");
  dup2 (fd, STDERR_FILENO + 1);
  dup2 (STDIN_FILENO, STDOUT_FILENO);
  dup2 (STDIN_FILENO, STDERR_FILENO);
  close_range (STDERR_FILENO + 2, ~0U, 0);
  do
    n = read (STDERR_FILENO + 1, &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n == 0)
    tcsetattr (STDIN_FILENO, TCSADRAIN, saved);
  _exit (0);
}

/* If quiltctl is killed by SIGKILL, nothing else would restore the terminal. */
static void
start_guardian (QuiltTerminal *self)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return;
  self->guardian = fork ();
  if (self->guardian == 0)
    guard (ends[0], &self->saved);
  close (ends[0]);
  self->guard = ends[1];
}

static void
end_guardian (QuiltTerminal *self)
{
  if (self->guardian <= 0)
    return;
  quilt_fd_write_all (self->guard, "", 1);
  waitpid (self->guardian, NULL, 0);
}

static void
make_raw (QuiltTerminal *self)
{
  struct termios raw;

  if (tcgetattr (STDIN_FILENO, &self->saved) < 0)
    return;
  start_guardian (self);
  raw = self->saved;
  cfmakeraw (&raw);
  self->is_raw = tcsetattr (STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static gboolean on_input (int fd, GIOCondition condition, gpointer data);

static void
listen_to_user (QuiltTerminal *self)
{
  if (self->is_detached)
    self->events->detached (self->data);
  else
    self->input = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, self);
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  QuiltTerminal *self = data;
  ssize_t n = write (fd, self->typed + self->written, self->length - self->written);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  self->written = n < 0 ? self->length : self->written + (gsize)n;
  if (self->written < self->length)
    return G_SOURCE_CONTINUE;
  self->input = 0;
  self->is_broken = n < 0;
  listen_to_user (self);
  return G_SOURCE_REMOVE;
}

/* The process may not read what is typed. Its output must go on, so never wait for it. */
static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  QuiltTerminal *self = data;
  char buffer[CHUNK];
  ssize_t n = read (fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  self->input = 0;
  if (n <= 0)
    return G_SOURCE_REMOVE;
  self->is_detached =
      quilt_detach_keys_find (&self->keys, buffer, (gsize)n, self->typed, &self->length);
  self->written = 0;
  if (self->length > 0 && !self->is_broken)
    self->input = g_unix_fd_add (self->input_fd, G_IO_OUT, on_writable, self);
  else
    listen_to_user (self);
  return G_SOURCE_REMOVE;
}

static void end_output (QuiltTerminal *self, int errsv);

/* EIO: the last process has closed the other terminal. */
static gboolean
on_output (int fd, GIOCondition condition, gpointer data)
{
  QuiltTerminal *self = data;
  char buffer[CHUNK];
  ssize_t n = read (fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n > 0 && quilt_fd_write_all (STDOUT_FILENO, buffer, (gsize)n)) {
    if (self->hurried)
      quilt_terminal_hurry (self);
    return G_SOURCE_CONTINUE;
  }
  self->output = 0;
  end_output (self, n > 0 ? errno : 0);
  return G_SOURCE_REMOVE;
}

static void
end_output (QuiltTerminal *self, int errsv)
{
  g_clear_handle_id (&self->output, g_source_remove);
  g_clear_handle_id (&self->hurried, g_source_remove);
  self->events->done (errsv, self->data);
}

static gboolean
on_silence (gpointer data)
{
  QuiltTerminal *self = data;

  self->hurried = 0;
  end_output (self, 0);
  return G_SOURCE_REMOVE;
}

void
quilt_terminal_hurry (QuiltTerminal *self)
{
  if (!self->output)
    return;
  g_clear_handle_id (&self->hurried, g_source_remove);
  self->hurried = g_timeout_add (SILENCE_MSEC, on_silence, self);
}

QuiltTerminal *
quilt_terminal_new (int output, const QuiltTerminalEvents *events, gpointer data)
{
  QuiltTerminal *self = g_new0 (QuiltTerminal, 1);
  sigset_t set;

  *self = (QuiltTerminal){.output_fd = output,
                          .input_fd = -1,
                          .resize_fd = -1,
                          .guard = -1,
                          .events = events,
                          .data = data};
  sigemptyset (&set);
  sigaddset (&set, SIGWINCH);
  sigprocmask (SIG_BLOCK, &set, &self->old_mask);
  self->resize_fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  self->resized = g_unix_fd_add (self->resize_fd, G_IO_IN, on_resized, self);
  g_unix_set_fd_nonblocking (output, TRUE, NULL);
  copy_size (self); /* ours may have changed since the other terminal was made */
  self->output = g_unix_fd_add (output, G_IO_IN | G_IO_HUP | G_IO_ERR, on_output, self);
  return self;
}

void
quilt_terminal_type (QuiltTerminal *self, int input, const QuiltDetachKeys *keys)
{
  self->input_fd = input;
  if (keys)
    self->keys = *keys;
  g_unix_set_fd_nonblocking (input, TRUE, NULL);
  make_raw (self);
  listen_to_user (self);
}

void
quilt_terminal_free (QuiltTerminal *self)
{
  if (!self)
    return;
  if (self->is_raw)
    tcsetattr (STDIN_FILENO, TCSADRAIN, &self->saved);
  end_guardian (self);
  g_clear_handle_id (&self->input, g_source_remove);
  g_clear_handle_id (&self->output, g_source_remove);
  g_clear_handle_id (&self->hurried, g_source_remove);
  g_clear_handle_id (&self->resized, g_source_remove);
  quilt_fd_clear (&self->resize_fd);
  sigprocmask (SIG_SETMASK, &self->old_mask, NULL);
  quilt_fd_clear (&self->guard);
  if (self->input_fd != self->output_fd)
    quilt_fd_clear (&self->input_fd);
  quilt_fd_clear (&self->output_fd);
  g_free (self);
}
