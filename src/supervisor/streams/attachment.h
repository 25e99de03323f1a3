/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies a stream of the container's output, byte for byte, to an attached client. */
#pragma once

#include <glib.h>
#include <poll.h>

typedef struct {
  int fd;             /* non-blocking; -1: no client, or the reader is gone */
  gboolean takes_all; /* accept all data, however slow the reader is */
  gboolean is_lost;   /* was dropped, for it did not read */
  gboolean finished;  /* nothing follows: close fd after the buffer is written */
  GByteArray *buffer;
  gsize sent; /* bytes at the start of buffer that the reader has */
} QuiltAttachment;

#define QUILT_ATTACHMENT_MAX (256 * 1024)

/* Takes ownership of fd. */
void quilt_attachment_init (QuiltAttachment *attachment, int fd);
void quilt_attachment_clear (QuiltAttachment *attachment);

/* Whether more output should be read: the reader keeps up, or is gone. */
gboolean quilt_attachment_has_room (const QuiltAttachment *attachment);
/* Called when the container has ended. Only the contents of its pipe are left, so the log no longer
 * waits for a slow reader. */
void quilt_attachment_take_all (QuiltAttachment *attachment);
void quilt_attachment_append (QuiltAttachment *attachment, const void *data, gsize length);
/* Drops the reader if more than limit bytes wait for it. */
void quilt_attachment_limit (QuiltAttachment *attachment, gsize limit);
/* Ends the copy: end of file follows the appended data. */
void quilt_attachment_finish (QuiltAttachment *attachment);

struct pollfd quilt_attachment_poll (const QuiltAttachment *attachment);
void quilt_attachment_handle (QuiltAttachment *attachment, short revents);
