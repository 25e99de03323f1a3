/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus messages as bytes (D-Bus Specification, "Marshaling (Wire Format)" and "Message Protocol").
 */
#pragma once

#include "dbus/measure.h"

typedef enum {
  QUILT_DBUS_CALL = 1,
  QUILT_DBUS_RETURN = 2,
  QUILT_DBUS_ERROR_REPLY = 3,
  QUILT_DBUS_SIGNAL = 4,
} QuiltDbusType;

typedef enum {
  QUILT_DBUS_NO_REPLY_EXPECTED = 1 << 0,
  QUILT_DBUS_NO_AUTO_START = 1 << 1,
  QUILT_DBUS_ALLOW_INTERACTIVE_AUTHORIZATION = 1 << 2,
} QuiltDbusFlags;

typedef struct {
  guint8 type;  /* a QuiltDbusType; receivers ignore other types */
  guint8 flags; /* QuiltDbusFlags */
  guint32 serial;
  guint32 reply_serial; /* 0: not a reply */
  guint32 n_fds;
  /* Borrowed. NULL: the message lacks the field. */
  const char *path;
  const char *interface;
  const char *member;
  const char *error_name;
  const char *destination;
  const char *sender;
  const char *signature; /* set only in a message that was read */
  GVariant *body;        /* a tuple; NULL: a tuple without members */
} QuiltDbusMessage;

/* The size of the whole message in bytes; 0 if the start is invalid. */
gsize quilt_dbus_message_measure (const guint8 start[QUILT_DBUS_START]);

/* Reads a whole message in either byte order. Its strings point into data; the caller owns its
 * body. Of the names only the path is validated, since the bus passes on no invalid names. Returns
 * FALSE if data is not a valid message. */
gboolean quilt_dbus_message_read (const guint8 *data, gsize size, QuiltDbusMessage *ret_message);

/* The size of the message's fixed start, fields and padding, which precede the body. */
gsize quilt_dbus_message_measure_head (const guint8 start[QUILT_DBUS_START]);

/* As quilt_dbus_message_read(), without the body, which may be incomplete or missing. */
gboolean
quilt_dbus_message_read_head (const guint8 *data, gsize size, QuiltDbusMessage *ret_message);

/* Decodes the body of a whole message, whose head was read. Handles must be below head->n_fds.
 * Returns NULL if the body is invalid. Owned by the caller. */
GVariant *
quilt_dbus_message_read_body (const guint8 *data, gsize size, const QuiltDbusMessage *head);

/* Returns the message in this machine's byte order, owned by the caller. Returns NULL if D-Bus does
 * not allow the message: it is too large, or its body has a type that D-Bus lacks. */
GByteArray *quilt_dbus_message_write (const QuiltDbusMessage *message);
