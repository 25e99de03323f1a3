/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attached client's copy of the container's output, byte for byte. */
#pragma once

#include <glib.h>
#include <poll.h>

/* The descriptor is a stranger's, and perhaps shared with others who expect it to block. quiltd has
 * checked that it is a pipe that no path leads to. It is opened anew by /proc/self/fd,
 * non-blocking, and theirs is left as it is. */
typedef struct {
  int fd;             /* -1: none, or its reader is gone */
  gboolean takes_all; /* however slow its reader is */
  gboolean finished;  /* nothing follows: close it once all is written */
  GByteArray *buffer;
} QuiltAttachment;

#define QUILT_ATTACHMENT_MAX (256 * 1024)

/* Takes fd over. */
void quilt_attachment_init (QuiltAttachment *attachment, int fd);
void quilt_attachment_clear (QuiltAttachment *attachment);

/* Whether more should be read for it: its reader keeps up, or is gone. */
gboolean quilt_attachment_has_room (const QuiltAttachment *attachment);
/* The container has ended: what its pipe still holds is not much, and the log shall not wait for a
 * reader any more. */
void quilt_attachment_take_all (QuiltAttachment *attachment);
void quilt_attachment_append (QuiltAttachment *attachment, const void *data, gsize length);
/* End of file follows what was appended. */
void quilt_attachment_finish (QuiltAttachment *attachment);

struct pollfd quilt_attachment_poll (const QuiltAttachment *attachment);
void quilt_attachment_handle (QuiltAttachment *attachment, short revents);
