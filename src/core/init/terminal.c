/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a container's process. */
#include "core/init/terminal.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/mounts/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

static const char ptmx[] = "/dev/ptmx";
static const char console[] = "/dev/console";

/* The container may have put anything at this path, and opening a device can have side effects. So
 * open it only after checking what it is. */
static int
open_master (int root_fd)
{
  g_autofd int fd = -1;
  struct stat st;

  for (guint i = 0; i < 2; i++) {
    quilt_fd_clear (&fd);
    fd = quilt_open_in_root (root_fd, ptmx, i == 0 ? O_PATH : O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
    if (fd < 0 || fstat (fd, &st) < 0)
      return -errno;
    if (!S_ISCHR (st.st_mode) || st.st_rdev != makedev (5, 2))
      return -ENODEV;
  }
  if (fcntl (fd, F_SETFL, O_RDWR) < 0)
    return -errno;
  return g_steal_fd (&fd);
}

/* The name could lead elsewhere by now (CVE-2025-52565), so use the terminal's descriptor. */
static int
put_on_console (int root_fd, int slave_fd)
{
  g_autofd int tree_fd =
      open_tree (slave_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

  return tree_fd < 0 ? -errno : quilt_mounts_put (root_fd, console, tree_fd);
}

/* Erasing a character that has several bytes in UTF-8 erases all of them. */
static int
set_utf8 (int slave_fd)
{
  struct termios mode;

  if (tcgetattr (slave_fd, &mode) < 0)
    return -errno;
  mode.c_iflag |= IUTF8;
  return tcsetattr (slave_fd, TCSANOW, &mode) < 0 ? -errno : 0;
}

static int
take_terminal (int slave_fd)
{
  for (int i = 0; i < 3; i++)
    if (dup2 (slave_fd, i) < 0)
      return -errno;
  return 0;
}

int
quilt_terminal_open (const QuiltProcess *process,
                     int console_fd,
                     gboolean both,
                     guint32 uid,
                     gboolean as_console,
                     const char **ret_object)
{
  const struct winsize size = {.ws_row = process->console_height, .ws_col = process->console_width};
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofd int master_fd = -1;
  g_autofd int slave_fd = -1;
  int unlock = 0, r;

  *ret_object = ptmx;
  if (root_fd < 0)
    return -errno;
  r = open_master (root_fd);
  if (r < 0)
    return r;
  master_fd = r;
  if (ioctl (master_fd, TIOCSPTLCK, &unlock) < 0 ||
      (process->has_console_size && ioctl (master_fd, TIOCSWINSZ, &size) < 0))
    return -errno;
  slave_fd = ioctl (master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave_fd < 0 || fchown (slave_fd, uid, (gid_t)-1) < 0)
    return -errno;
  r = set_utf8 (slave_fd);
  if (r < 0)
    return r;
  if (!quilt_fds_send (console_fd, ptmx, sizeof ptmx - 1, (const int[]){master_fd, slave_fd},
                       both ? 2 : 1))
    return -errno;
  if (as_console) {
    *ret_object = console;
    r = put_on_console (root_fd, slave_fd);
    if (r < 0)
      return r;
  }
  return take_terminal (slave_fd);
}

int
quilt_terminal_control (void)
{
  return ioctl (STDIN_FILENO, TIOCSCTTY, 0) < 0 ? -errno : 0;
}
