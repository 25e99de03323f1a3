/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call to be made. */
#pragma once

#include <glib.h>

/* All pointers are borrowed until the function that gets the call returns. */
typedef struct {
  const char *destination, *path, *interface, *method;
  GVariant *args;         /* a tuple, which may be floating; NULL: none */
  const char *reply_type; /* expected type of the reply, a tuple; any other type is an error. NULL:
                             any type */
  guint8 flags;           /* QuiltDbusFlags */
  gboolean is_slow;       /* the answer may take minutes: such calls leave room for others */
  /* for the answer, from when the message is sent; 0: no limit. quilt_dbus_call_sync() ignores it
   */
  guint timeout_sec;
  const int *fds; /* descriptors that the handles in args index */
  guint n_fds;
} QuiltDbusCall;

/* The message of a call. Owned by the caller; NULL: D-Bus does not allow it. */
GByteArray *
quilt_dbus_request_write (const QuiltDbusCall *call, guint32 serial, gboolean wants_answer);
