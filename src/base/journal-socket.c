/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of journald: its native protocol over a non-blocking datagram socket. */
#include "base/journal-socket.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_USEC (100 * G_TIME_SPAN_MILLISECOND)
/* The size that libsystemd uses. A burst then need not wait until journald is scheduled. */
#define SEND_BUFFER (8 * 1024 * 1024)
/* The socket becomes writable as soon as journald has read one entry of a full queue. A sender that
 * waits for this event sends one entry for each change of processes, and journald has to wake the
 * sender for each entry. So if many entries of the sender are unread, it pauses instead. journald
 * needs longer than the pause to read that many, so it never waits for the sender. The kernel
 * counts about 1 KiB for a short line. */
#define PAUSE_USEC (2 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_UNREAD (256 * 1024)

void
quilt_journal_append_field (GString *text, const char *name, const char *value, gssize length)
{
  gsize n = length < 0 ? strlen (value) : (gsize)length;
  guint64 size = GUINT64_TO_LE ((guint64)n);

  g_string_append (text, name);
  if (memchr (value, '\n', n)) {
    g_string_append_c (text, '\n');
    g_string_append_len (text, (const char *)&size, sizeof size);
  } else {
    g_string_append_c (text, '=');
  }
  g_string_append_len (text, value, (gssize)n);
  g_string_append_c (text, '\n');
}

void
quilt_journal_socket_init (QuiltJournalSocket *self, const char *path)
{
  *self = (QuiltJournalSocket){.path = path, .fd = -1};
}

void
quilt_journal_socket_clear (QuiltJournalSocket *self)
{
  quilt_fd_clear (&self->fd);
}

static void
retry_later (QuiltJournalSocket *self)
{
  self->connected = FALSE;
  self->full = FALSE;
  self->resume_usec = 0;
  self->retry_usec = g_get_monotonic_time () + RETRY_USEC;
}

gboolean
quilt_journal_socket_prepare (QuiltJournalSocket *self)
{
  const int size = SEND_BUFFER;

  if (self->fd >= 0)
    return TRUE;
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    return FALSE;
  if (setsockopt (self->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
    setsockopt (self->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return TRUE;
}

/* A restarted journald has a new socket. A datagram socket can be connected again. */
static gboolean
connect_socket (QuiltJournalSocket *self)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  if (self->connected)
    return TRUE;
  g_strlcpy (address.sun_path, self->path, sizeof address.sun_path);
  self->connected = quilt_journal_socket_prepare (self) &&
                    connect (self->fd, (struct sockaddr *)&address, sizeof address) == 0;
  return self->connected;
}

/* Sends an entry that is too large for a datagram as a sealed file. */
static gboolean
send_as_file (QuiltJournalSocket *self, const struct msghdr *entry)
{
  g_autofd int fd = memfd_create ("quilt-journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (int))];
  } control = {.header = {.cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_RIGHTS,
                          .cmsg_len = CMSG_LEN (sizeof (int))}};
  struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control.space};

  if (fd < 0)
    return FALSE;
  for (gsize i = 0; i < entry->msg_iovlen; i++)
    if (!quilt_fd_write_all (fd, entry->msg_iov[i].iov_base, entry->msg_iov[i].iov_len))
      return FALSE;
  if (fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
    return FALSE;
  memcpy (CMSG_DATA (&control.header), &fd, sizeof fd);
  return sendmsg (self->fd, &message, MSG_NOSIGNAL) >= 0;
}

static int
get_unread (const QuiltJournalSocket *self)
{
  int unread = 0;

  return self->fd >= 0 && ioctl (self->fd, SIOCOUTQ, &unread) == 0 ? unread : 0;
}

/* If nothing could be sent after a pause, journald may be stopped. Then wait for an event, so that
 * the process sleeps. */
static void
wait_for_room (QuiltJournalSocket *self)
{
  gboolean pauses = self->has_sent && get_unread (self) >= PAUSE_UNREAD;

  self->full = TRUE;
  self->has_sent = FALSE;
  self->resume_usec = pauses ? g_get_monotonic_time () + PAUSE_USEC : 0;
}

guint
quilt_journal_socket_send (QuiltJournalSocket *self, struct mmsghdr *entries, guint n)
{
  guint done = 0;

  while (done < n && !quilt_journal_socket_is_blocked (self)) {
    int r =
        connect_socket (self) ? sendmmsg (self->fd, entries + done, n - done, MSG_NOSIGNAL) : -1;

    if (r < 0 && (errno == EMSGSIZE || errno == ENOBUFS))
      r = send_as_file (self, &entries[done].msg_hdr) ? 1 : -1;
    if (r > 0) {
      done += (guint)r;
      self->has_sent = TRUE;
      self->has_tail = FALSE;
    } else if (r < 0 && errno == EAGAIN)
      wait_for_room (self);
    else if (r < 0 && errno != EINTR)
      retry_later (self);
  }
  return done;
}

gboolean
quilt_journal_socket_is_blocked (const QuiltJournalSocket *self)
{
  return self->full || self->retry_usec > 0;
}

struct pollfd
quilt_journal_socket_poll (const QuiltJournalSocket *self)
{
  gboolean waits = self->full && self->resume_usec == 0;

  return (struct pollfd){.fd = waits ? self->fd : -1, .events = POLLOUT};
}

gint64
quilt_journal_socket_get_deadline (const QuiltJournalSocket *self)
{
  return self->retry_usec > 0 ? self->retry_usec : self->resume_usec;
}

void
quilt_journal_socket_handle (QuiltJournalSocket *self, short revents, gint64 now_usec)
{
  if (revents || (self->resume_usec > 0 && now_usec >= self->resume_usec)) {
    self->full = FALSE;
    self->resume_usec = 0;
  }
  if (self->retry_usec > 0 && now_usec >= self->retry_usec)
    self->retry_usec = 0;
}

/* If the queue is full, the caller sees unread entries and tries again. If journald is away, the
 * kernel has dropped them. */
void
quilt_journal_socket_seal (QuiltJournalSocket *self)
{
  if (self->connected && !self->has_tail)
    self->has_tail = send (self->fd, NULL, 0, MSG_NOSIGNAL) == 0 || errno != EAGAIN;
}

gboolean
quilt_journal_socket_is_unread (const QuiltJournalSocket *self)
{
  return get_unread (self) > 0;
}
