/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages between quiltd and its helpers: sending, receiving, and keeping them as files. */
#include "proto/message.h"

#include "base/error.h"
#include "base/fd.h"
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file with these seals can't change while we read it. */
#define BODY_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

void
quilt_message_init (QuiltMessage *message, QuiltMessageType type)
{
  memset (message, 0, sizeof *message);
  message->version = QUILT_MESSAGE_VERSION;
  message->type = type;
}

void
quilt_message_init_answer (QuiltMessage *message,
                           QuiltMessageType type,
                           const QuiltMessage *request)
{
  quilt_message_init (message, type);
  message->version = request->version;
  message->request = request->request;
  message->session = request->session;
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

static int
new_body_file (const void *data, gsize size)
{
  g_autofd int fd = memfd_create ("quilt-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd < 0 || !quilt_fd_write_all (fd, data, size) ||
      fcntl (fd, F_ADD_SEALS, BODY_SEALS | F_SEAL_SEAL) < 0)
    return -1;
  return g_steal_fd (&fd);
}

/* Returns NULL if it is not a sealed file of this size. */
static GBytes *
read_body_file (int fd, gsize size)
{
  const int seals = fcntl (fd, F_GET_SEALS);
  g_autofree guint8 *data = NULL;
  struct stat status;

  if (seals < 0 || (seals & BODY_SEALS) != BODY_SEALS || fstat (fd, &status) < 0 ||
      (guint64)status.st_size != size)
    return NULL;
  data = g_malloc (size);
  if (pread (fd, data, size, 0) != (gssize)size)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

static gboolean
send_with_file (int socket, const QuiltMessage *message, const int *fds, guint n_fds, GBytes *body)
{
  QuiltWire wire = {.n_fds = n_fds + 1, .body_is_file = TRUE};
  const void *data = g_bytes_get_data (body, &wire.body_size);
  g_autofd int file = new_body_file (data, wire.body_size);
  guint8 bytes[QUILT_WIRE_SIZE_MAX];
  int all[QUILT_FDS_MAX];

  g_return_val_if_fail (n_fds < G_N_ELEMENTS (all), FALSE);
  if (file < 0)
    return FALSE;
  for (guint i = 0; i < n_fds; i++)
    all[i] = fds[i];
  all[n_fds] = file;
  return quilt_fds_send (socket, bytes, quilt_wire_encode (message, &wire, bytes), all, n_fds + 1);
}

gboolean
quilt_message_send_body (
    int socket, const QuiltMessage *message, const int *fds, guint n_fds, GBytes *body)
{
  QuiltWire wire = {.n_fds = n_fds};
  guint8 bytes[QUILT_WIRE_SIZE_MAX];

  if (body) {
    wire.body = g_bytes_get_data (body, &wire.body_size);
    errno = message->version == QUILT_MESSAGE_VERSION_1 ? EPROTONOSUPPORT : EMSGSIZE;
    if (message->version == QUILT_MESSAGE_VERSION_1 || wire.body_size > QUILT_MESSAGE_BODY_MAX)
      return FALSE;
    if (wire.body_size > QUILT_WIRE_BODY_MAX)
      return send_with_file (socket, message, fds, n_fds, body);
  }
  return quilt_fds_send (socket, bytes, quilt_wire_encode (message, &wire, bytes), fds, n_fds);
}

gboolean
quilt_message_send_fds (int socket, const QuiltMessage *message, const int *fds, guint n_fds)
{
  return quilt_message_send_body (socket, message, fds, n_fds, NULL);
}

gboolean
quilt_message_send (int socket, const QuiltMessage *message)
{
  return quilt_message_send_fds (socket, message, NULL, 0);
}

static void
close_all (int *fds, guint n_fds)
{
  for (guint i = 0; i < n_fds; i++)
    quilt_fd_clear (&fds[i]);
}

/* As quilt_fds_receive(), for one message. If max is 0, drops its descriptors. */
static gssize
receive_bytes (int socket, guint8 bytes[QUILT_WIRE_SIZE_MAX], int *fds, guint max, guint *ret_n_fds)
{
  gssize n;

  /* ECONNRESET means that the other side ended without reading all that we sent. The kernel returns
   * it once, before the other side's last messages. */
  do
    n = quilt_fds_receive (socket, MSG_DONTWAIT, bytes, QUILT_WIRE_SIZE_MAX, fds, max, ret_n_fds);
  while (n < 0 && errno == ECONNRESET);
  if (n < 0 && errno == EMSGSIZE)
    errno = EBADMSG;
  return n;
}

int
quilt_message_receive (int socket, QuiltMessage *ret_message)
{
  guint8 bytes[QUILT_WIRE_SIZE_MAX];
  QuiltWire wire;
  guint n_fds;
  gssize n = receive_bytes (socket, bytes, NULL, 0, &n_fds);

  if (n <= 0)
    return (int)n;
  return quilt_wire_decode (bytes, (gsize)n, ret_message, &wire) ? 1 : -1;
}

/* Whether the number of descriptors is that in the header, and at most room. */
static gboolean
has_its_fds (const QuiltMessage *message, const QuiltWire *wire, guint n_fds, guint room)
{
  if (message->version != QUILT_MESSAGE_VERSION_1 && wire->n_fds != n_fds)
    return FALSE;
  return n_fds <= (wire->body_is_file ? room + 1 : room);
}

/* Returns FALSE if the message has a body that can't be read. */
static gboolean
take_body (const QuiltWire *wire, int *fds, guint *n_fds, GBytes **ret_body)
{
  if (wire->body_is_file) {
    *ret_body = read_body_file (fds[--*n_fds], wire->body_size);
    quilt_fd_clear (&fds[*n_fds]);
    return *ret_body != NULL;
  }
  *ret_body = wire->body ? g_bytes_new (wire->body, wire->body_size) : NULL;
  return TRUE;
}

int
quilt_message_receive_body (int socket,
                            QuiltMessage *ret_message,
                            int *ret_fds,
                            guint room,
                            guint *ret_n_fds,
                            GBytes **ret_body)
{
  guint8 bytes[QUILT_WIRE_SIZE_MAX];
  int fds[QUILT_FDS_MAX];
  QuiltMessage message;
  QuiltWire wire;
  guint n_fds;
  gssize n = receive_bytes (socket, bytes, fds, MIN (room + 1, QUILT_FDS_MAX), &n_fds);

  *ret_n_fds = 0;
  if (n <= 0)
    return (int)n;
  if (!quilt_wire_decode (bytes, (gsize)n, &message, &wire)) {
    close_all (fds, n_fds);
    return -1;
  }
  if (!has_its_fds (&message, &wire, n_fds, room) || !take_body (&wire, fds, &n_fds, ret_body)) {
    close_all (fds, n_fds);
    errno = EBADMSG;
    return -1;
  }
  *ret_message = message;
  for (guint i = 0; i < n_fds; i++)
    ret_fds[i] = fds[i];
  *ret_n_fds = n_fds;
  return 1;
}

int
quilt_message_receive_fds (
    int socket, QuiltMessage *ret_message, int *ret_fds, guint room, guint *ret_n_fds)
{
  g_autoptr (GBytes) body = NULL;

  return quilt_message_receive_body (socket, ret_message, ret_fds, room, ret_n_fds, &body);
}

gboolean
quilt_message_save (
    int dir_fd, const char *name, const QuiltMessage *message, QuiltFileSync sync, GError **error)
{
  const QuiltWire wire = {0};
  guint8 bytes[QUILT_WIRE_SIZE_MAX];

  return quilt_file_replace (dir_fd, name, bytes, quilt_wire_encode (message, &wire, bytes), sync,
                             error);
}

gboolean
quilt_message_load (int dir_fd, const char *name, QuiltMessage *ret_message, GError **error)
{
  g_autoptr (GBytes) bytes = quilt_file_read (dir_fd, name, QUILT_WIRE_SIZE_MAX, error);
  QuiltWire wire;
  gconstpointer data;
  gsize size;

  if (!bytes)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  if (quilt_wire_decode (data, size, ret_message, &wire))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to read '%s': %s", name,
               errno == EPROTONOSUPPORT ? "it was written by another version of Quilt"
                                        : "it is not a message, or it is damaged");
  return FALSE;
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
