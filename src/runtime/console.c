/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relaying the terminal of a container's process to our terminal (stdin and stdout). */
#include "runtime/console.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

void
quilt_console_copy_size (const QuiltConsole *console)
{
  struct winsize size;

  if (console->master_fd >= 0 && ioctl (STDIN_FILENO, TIOCGWINSZ, &size) == 0)
    ioctl (console->master_fd, TIOCSWINSZ, &size);
}

gboolean
quilt_console_take (QuiltConsole *console, int socket, GError **error)
{
  struct termios raw;
  guint n_fds;
  char name[256];
  gssize n = quilt_fds_receive (socket, 0, name, sizeof name, &console->master_fd, 1, &n_fds);

  if (n <= 0 || n_fds != 1)
    return quilt_set_error_errno (error, n < 0 ? errno : EPROTO, "Failed to receive the terminal");
  console->in = (QuiltRelay){.from = STDIN_FILENO, .to = console->master_fd};
  console->out = (QuiltRelay){.from = console->master_fd, .to = STDOUT_FILENO};
  quilt_console_copy_size (console);
  if (tcgetattr (STDIN_FILENO, &console->saved) < 0)
    return TRUE;
  raw = console->saved;
  cfmakeraw (&raw);
  console->is_raw = tcsetattr (STDIN_FILENO, TCSANOW, &raw) == 0;
  return TRUE;
}

void
quilt_console_drain (QuiltConsole *console)
{
  quilt_relay_drain (&console->out);
}

void
quilt_console_clear (QuiltConsole *console)
{
  if (console->is_raw)
    tcsetattr (STDIN_FILENO, TCSANOW, &console->saved);
  console->is_raw = FALSE;
  quilt_fd_clear (&console->master_fd);
}

void
quilt_console_give_size (QuiltProcess *process)
{
  struct winsize size;

  if (ioctl (STDIN_FILENO, TIOCGWINSZ, &size) < 0)
    return;
  process->has_console_size = TRUE;
  process->console_height = size.ws_row;
  process->console_width = size.ws_col;
}
