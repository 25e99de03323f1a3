/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire between quiltd and its helpers. */
#include "proto/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_SIZE offsetof (QuiltMessage, text)

void
quilt_message_init (QuiltMessage *message, QuiltMessageType type)
{
  memset (message, 0, sizeof *message);
  message->version = QUILT_MESSAGE_VERSION;
  message->type = type;
}

void
quilt_message_set_text (QuiltMessage *message, const char *text)
{
  gsize length = strlen (text);
  const char *end;

  if (length >= sizeof message->text) {
    length = sizeof message->text - 1;
    g_utf8_validate (text, (gssize) length, &end);
    length = (gsize) (end - text);
  }
  memcpy (message->text, text, length);
  message->text[length] = '\0';
}

gboolean
quilt_message_send (int socket, const QuiltMessage *message)
{
  gsize size = HEADER_SIZE + strnlen (message->text, sizeof message->text - 1) + 1;
  ssize_t n;

  do
    n = send (socket, message, size, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n >= 0;
}

int
quilt_message_receive (int socket, QuiltMessage *ret_message)
{
  QuiltMessage message;
  struct iovec iov = { &message, sizeof message };
  struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 }; /* no room for descriptors */
  ssize_t n;

  do
    n = recvmsg (socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return -1;
  if (n == 0)
    return 0;
  if ((gsize) n <= HEADER_SIZE || (header.msg_flags & MSG_TRUNC) ||
      message.version != QUILT_MESSAGE_VERSION ||
      !memchr (message.text, '\0', (gsize) n - HEADER_SIZE) ||
      !g_utf8_validate (message.text, -1, NULL))
    return errno = EBADMSG, -1;
  *ret_message = message;
  return 1;
}
