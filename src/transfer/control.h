/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the threads of one transfer: its progress, and whether it is cancelled. */
#pragma once

#include <glib.h>

/* Only by the functions below: several threads look at it. */
typedef struct {
  int cancel_fd; /* eventfd, readable once cancelled: wakes the thread that waits for input */
  gint cancelled;
  guint64 consumed;
} QuiltControl;

gboolean quilt_control_init (QuiltControl *control, GError **error);
void quilt_control_clear (QuiltControl *control);
void quilt_control_cancel (QuiltControl *control);
gboolean quilt_control_is_cancelled (QuiltControl *control);

/* Bytes of the input that have been read. */
void quilt_control_set_consumed (QuiltControl *control, guint64 bytes);
guint64 quilt_control_get_consumed (QuiltControl *control);

/* Reads from fd, blocking or not, once there is something to read. The number of bytes, 0 at the
 * end, -1 with errno; ECANCELED as soon as the transfer is cancelled. */
gssize quilt_control_read (QuiltControl *control, int fd, void *buffer, gsize size);
