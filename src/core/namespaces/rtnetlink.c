/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the kernel about network devices: rtnetlink(7). */
#include "core/namespaces/rtnetlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Larger than the kernel's largest datagram of a list (32 KiB). */
#define ANSWER_MAX (64 * 1024)

void
quilt_rt_begin (
    QuiltRtRequest *request, guint16 type, guint16 flags, gconstpointer body, gsize size)
{
  g_return_if_fail (NLMSG_SPACE (size) <= sizeof *request);
  memset (request, 0, sizeof *request);
  request->header.nlmsg_len = (guint32)NLMSG_LENGTH (size);
  request->header.nlmsg_type = type;
  request->header.nlmsg_flags = (guint16)(NLM_F_REQUEST | flags);
  memcpy (NLMSG_DATA (&request->header), body, size);
}

gpointer
quilt_rt_body (QuiltRtRequest *request)
{
  return NLMSG_DATA (&request->header);
}

void
quilt_rt_add (QuiltRtRequest *request, guint16 type, gconstpointer data, gsize size)
{
  gsize at = NLMSG_ALIGN (request->header.nlmsg_len);
  const struct rtattr attribute = {.rta_len = (guint16)RTA_LENGTH (size), .rta_type = type};

  g_return_if_fail (size <= sizeof *request && at + RTA_SPACE (size) <= sizeof *request);
  memcpy (request->bytes + at, &attribute, sizeof attribute);
  memcpy (request->bytes + at + RTA_LENGTH (0), data, size);
  request->header.nlmsg_len = (guint32)(at + RTA_LENGTH (size));
}

void
quilt_rt_add_string (QuiltRtRequest *request, guint16 type, const char *text)
{
  quilt_rt_add (request, type, text, strlen (text) + 1);
}

void
quilt_rt_add_u32 (QuiltRtRequest *request, guint16 type, guint32 value)
{
  quilt_rt_add (request, type, &value, sizeof value);
}

gconstpointer
quilt_rt_find (const struct nlmsghdr *message, gsize body, guint16 type, gsize *ret_size)
{
  const guint8 *bytes = (const guint8 *)message;
  gsize at = NLMSG_SPACE (body);

  while (at + sizeof (struct rtattr) <= message->nlmsg_len) {
    struct rtattr attribute;

    memcpy (&attribute, bytes + at, sizeof attribute);
    if (attribute.rta_len < RTA_LENGTH (0) || attribute.rta_len > message->nlmsg_len - at)
      return NULL;
    if ((attribute.rta_type & NLA_TYPE_MASK) == type) {
      *ret_size = attribute.rta_len - RTA_LENGTH (0);
      return bytes + at + RTA_LENGTH (0);
    }
    at += RTA_ALIGN (attribute.rta_len);
  }
  return NULL;
}

int
quilt_rt_open (void)
{
  return socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* Receives one datagram of the kernel. In an existing namespace, a process with CAP_NET_ADMIN can
 * write to our socket too; its messages are ignored. */
static ssize_t
receive (int fd, gpointer buffer)
{
  struct sockaddr_nl sender;
  socklen_t size;
  ssize_t n;

  do {
    size = sizeof sender;
    n = recvfrom (fd, buffer, ANSWER_MAX, MSG_TRUNC, (struct sockaddr *)&sender, &size);
  } while ((n < 0 && errno == EINTR) || (n >= 0 && sender.nl_pid != 0));
  return n < 0 ? -errno : n > ANSWER_MAX ? -EMSGSIZE : n;
}

/* Returns 1 if more messages follow, otherwise as quilt_rt_call(). */
static int
read_messages (gconstpointer buffer, gsize size, QuiltRtVisit visit, gpointer data, gboolean *torn)
{
  for (const struct nlmsghdr *message = buffer; size >= sizeof *message;) {
    const int *result = NLMSG_DATA (message);
    gsize step;

    if (message->nlmsg_len < sizeof *message || message->nlmsg_len > size)
      return -EBADMSG;
    *torn = *torn || (message->nlmsg_flags & NLM_F_DUMP_INTR);
    if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
      if (message->nlmsg_len < NLMSG_LENGTH (sizeof *result))
        return -EBADMSG;
      return *result < 0 ? *result : *torn ? -EINTR : 0;
    }
    if (visit && message->nlmsg_type >= NLMSG_MIN_TYPE)
      visit (message, data);
    step = MIN (NLMSG_ALIGN (message->nlmsg_len), size);
    message = (gconstpointer)((const guint8 *)message + step);
    size -= step;
  }
  return 1;
}

int
quilt_rt_call (int fd, QuiltRtRequest *request, QuiltRtVisit visit, gpointer data)
{
  g_autofree guint8 *buffer = g_malloc (ANSWER_MAX);
  gboolean torn = FALSE;
  int r = 1;

  /* In requests that change something, the two bits of NLM_F_DUMP have other meanings. */
  if ((request->header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
    request->header.nlmsg_flags |= NLM_F_ACK;
  if (send (fd, request, request->header.nlmsg_len, 0) < 0)
    return -errno;
  while (r == 1) {
    ssize_t n = receive (fd, buffer);

    r = n < 0 ? (int)n : read_messages (buffer, (gsize)n, visit, data, &torn);
  }
  return r;
}
