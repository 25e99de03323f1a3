/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the kernel about network devices: rtnetlink(7). */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

typedef struct {
  union {
    struct nlmsghdr header;
    guint8 bytes[256];
  };
} QuiltRtRequest;

/* Gets each message of the answer other than acknowledgements. The message's length is checked, the
 * lengths in its content are not. */
typedef void (*QuiltRtVisit) (const struct nlmsghdr *message, gpointer data);

/* Begins a request. body is the fixed part that messages of this type have. flags are added to
 * NLM_F_REQUEST. */
void quilt_rt_begin (
    QuiltRtRequest *request, guint16 type, guint16 flags, gconstpointer body, gsize size);

/* The body of the request, which may be changed until it is sent. */
gpointer quilt_rt_body (QuiltRtRequest *request);

/* Adds an attribute. The caller knows that there is room. */
void quilt_rt_add (QuiltRtRequest *request, guint16 type, gconstpointer data, gsize size);
void quilt_rt_add_string (QuiltRtRequest *request, guint16 type, const char *text);
void quilt_rt_add_u32 (QuiltRtRequest *request, guint16 type, guint32 value);

/* Finds the attribute of this type, behind a fixed part of body bytes, and returns its content.
 * Returns NULL if there is none, or the message is damaged. */
gconstpointer
quilt_rt_find (const struct nlmsghdr *message, gsize body, guint16 type, gsize *ret_size);

/* Opens a socket in the caller's network namespace, close-on-exec. Returns -1 with errno set. */
int quilt_rt_open (void);

/* Sends the request and reads the whole answer. Returns 0 or -errno, which may come from the
 * kernel's answer. -EINTR: the list changed meanwhile, and the caller must ask again. */
int quilt_rt_call (int fd, QuiltRtRequest *request, QuiltRtVisit visit, gpointer data);
