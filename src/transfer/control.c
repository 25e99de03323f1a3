/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State shared by the threads of one transfer. */
#include "transfer/control.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

gboolean
quilt_control_init (QuiltControl *control, GError **error)
{
  control->cancel_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  control->cancelled = FALSE;
  control->consumed = 0;
  if (control->cancel_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to create an event descriptor");
  return TRUE;
}

void
quilt_control_clear (QuiltControl *control)
{
  quilt_fd_clear (&control->cancel_fd);
}

void
quilt_control_cancel (QuiltControl *control)
{
  g_atomic_int_set (&control->cancelled, TRUE);
  eventfd_write (control->cancel_fd, 1);
}

gboolean
quilt_control_is_cancelled (QuiltControl *control)
{
  return g_atomic_int_get (&control->cancelled);
}

/* GLib has no atomic operations for 64-bit numbers. */
void
quilt_control_set_consumed (QuiltControl *control, guint64 bytes)
{
  __atomic_store_n (&control->consumed, bytes, __ATOMIC_RELAXED);
}

guint64
quilt_control_get_consumed (QuiltControl *control)
{
  return __atomic_load_n (&control->consumed, __ATOMIC_RELAXED);
}

gssize
quilt_control_read (QuiltControl *control, int fd, void *buffer, gsize size)
{
  struct pollfd fds[] = {{fd, POLLIN, 0}, {control->cancel_fd, POLLIN, 0}};

  for (;;) {
    gssize n;

    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
      return -1;
    if (quilt_control_is_cancelled (control))
      return errno = ECANCELED, -1;
    n = read (fd, buffer, size);
    if (n >= 0 || (errno != EINTR && errno != EAGAIN))
      return n;
  }
}
