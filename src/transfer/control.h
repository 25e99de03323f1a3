/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State shared by the threads of one transfer: its progress, and whether it is cancelled. */
#pragma once

#include <glib.h>

/* Access the fields only by the functions below, since several threads do. */
typedef struct {
  int cancel_fd; /* eventfd, readable once cancelled, to wake the thread that waits for input */
  gint cancelled;
  guint64 consumed;
} QuiltControl;

gboolean quilt_control_init (QuiltControl *control, GError **error);
void quilt_control_clear (QuiltControl *control);
void quilt_control_cancel (QuiltControl *control);
gboolean quilt_control_is_cancelled (QuiltControl *control);

/* The number of input bytes read so far. */
void quilt_control_set_consumed (QuiltControl *control, guint64 bytes);
guint64 quilt_control_get_consumed (QuiltControl *control);

/* Waits until fd, blocking or not, is readable, and reads once. Returns the number of bytes, 0 at
 * the end, or -1 with errno set: ECANCELED as soon as the transfer is cancelled. */
gssize quilt_control_read (QuiltControl *control, int fd, void *buffer, gsize size);
