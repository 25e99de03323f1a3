/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire between quiltd and its helpers. */
#include "proto/message.h"

#include "base/error.h"
#include "base/fd.h"

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
  g_autofree char *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);
  gsize length;
  const char *end;

  text = valid ? valid : text;
  length = strlen (text);
  if (length >= sizeof message->text) {
    length = sizeof message->text - 1;
    g_utf8_validate (text, (gssize)length, &end);
    length = (gsize)(end - text);
  }
  memcpy (message->text, text, length);
  message->text[length] = '\0';
}

/* Only the used part of text travels. */
static gsize
used_size (const QuiltMessage *message)
{
  return HEADER_SIZE + strnlen (message->text, sizeof message->text - 1) + 1;
}

static gboolean
is_valid (const QuiltMessage *message, gsize size)
{
  return size > HEADER_SIZE && size <= sizeof *message &&
         message->version == QUILT_MESSAGE_VERSION &&
         memchr (message->text, '\0', size - HEADER_SIZE) &&
         g_utf8_validate (message->text, -1, NULL);
}

gboolean
quilt_message_send_fds (int socket, const QuiltMessage *message, const int *fds, guint n_fds)
{
  return quilt_fds_send (socket, message, used_size (message), fds, n_fds);
}

gboolean
quilt_message_send (int socket, const QuiltMessage *message)
{
  return quilt_message_send_fds (socket, message, NULL, 0);
}

int
quilt_message_receive_fds (
    int socket, QuiltMessage *ret_message, int *ret_fds, guint room, guint *ret_n_fds)
{
  QuiltMessage message = {0}; /* only what came is filled, and no byte of our stack leaks on */
  gssize n;

  /* ECONNRESET is said once, ahead of what the other side sent before it went without reading all
   * that we sent: its last words come after it. */
  do
    n = quilt_fds_receive (socket, MSG_DONTWAIT, &message, sizeof message, ret_fds, room,
                           ret_n_fds);
  while (n < 0 && errno == ECONNRESET);
  if (n == 0)
    return 0;
  if (n > 0 && is_valid (&message, (gsize)n)) {
    *ret_message = message;
    return 1;
  }
  for (guint i = 0; i < *ret_n_fds; i++)
    quilt_fd_clear (&ret_fds[i]);
  *ret_n_fds = 0;
  if (n > 0 || errno == EMSGSIZE)
    errno = EBADMSG;
  return -1;
}

int
quilt_message_receive (int socket, QuiltMessage *ret_message)
{
  guint n;

  return quilt_message_receive_fds (socket, ret_message, NULL, 0, &n);
}

gboolean
quilt_message_save (
    int dir_fd, const char *name, const QuiltMessage *message, QuiltFileSync sync, GError **error)
{
  return quilt_file_replace (dir_fd, name, message, used_size (message), sync, error);
}

gboolean
quilt_message_load (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error)
{
  g_autoptr (GBytes) bytes = quilt_file_read (dir_fd, name, sizeof *ret_message, error);
  QuiltMessage message = {0};
  gconstpointer data;
  gsize size;

  if (!bytes)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  if (size > 0)
    memcpy (&message, data, size);
  if (!is_valid (&message, size)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to read '%s': it is no message of version %d", name,
                 QUILT_MESSAGE_VERSION);
    return FALSE;
  }
  *ret_message = message;
  return TRUE;
}

gboolean
quilt_message_load_end (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error)
{
  QuiltMessage message;

  if (!quilt_message_load (dir_fd, name, &message, error))
    return FALSE;
  if (message.type != QUILT_MESSAGE_EXITED && message.type != QUILT_MESSAGE_FAILED) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to read '%s': a message of type %u does not say how a run ended", name,
                 message.type);
    return FALSE;
  }
  *ret_message = message;
  return TRUE;
}
