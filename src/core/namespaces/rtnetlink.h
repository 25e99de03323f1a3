/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions and orders to the kernel about network devices: rtnetlink(7). */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

typedef struct {
  union {
    struct nlmsghdr header;
    guint8 bytes[256];
  };
} QuiltRtRequest;

/* Of messages of the kernel that are no acknowledgement. Their length is checked, that of what is
 * in them is not. */
typedef void (*QuiltRtVisit) (const struct nlmsghdr *message, gpointer data);

/* A message with body, the fixed part of what type has; flags beside NLM_F_REQUEST. */
void quilt_rt_begin (
    QuiltRtRequest *request, guint16 type, guint16 flags, gconstpointer body, gsize size);

/* Its body, which may be changed until it is sent. */
gpointer quilt_rt_body (QuiltRtRequest *request);

/* One attribute more. The caller knows that there is room. */
void quilt_rt_add (QuiltRtRequest *request, guint16 type, gconstpointer data, gsize size);
void quilt_rt_add_string (QuiltRtRequest *request, guint16 type, const char *text);
void quilt_rt_add_u32 (QuiltRtRequest *request, guint16 type, guint32 value);

/* The attribute of that type behind a fixed part of body bytes, with what it holds; NULL: there is
 * none, or the message is damaged. */
gconstpointer
quilt_rt_find (const struct nlmsghdr *message, gsize body, guint16 type, gsize *ret_size);

/* A socket in the network namespace of the caller, close-on-exec; -1 with errno. */
int quilt_rt_open (void);

/* Sends request and reads all that is answered; a list that changed meanwhile is -EINTR, after
 * which it has to be asked for again. 0 or -errno, the kernel's own too. */
int quilt_rt_call (int fd, QuiltRtRequest *request, QuiltRtVisit visit, gpointer data);
