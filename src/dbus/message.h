/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus messages as bytes (D-Bus Specification, "Marshaling (Wire Format)" and "Message Protocol").
 */
#pragma once

#include <glib.h>

/* Every message begins with these bytes, which tell its length. */
#define QUILT_DBUS_START 16

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
  guint8 type;  /* a QuiltDbusType; others are ignored by whoever gets the message */
  guint8 flags; /* QuiltDbusFlags */
  guint32 serial;
  guint32 reply_serial; /* 0: it is no reply */
  guint32 n_fds;
  /* Borrowed; NULL: not in the message. */
  const char *path;
  const char *interface;
  const char *member;
  const char *error_name;
  const char *destination;
  const char *sender;
  const char *signature; /* of a message that was read */
  GVariant *body;        /* a tuple; NULL: one without members */
} QuiltDbusMessage;

/* The bytes of the whole message; 0: a message can't begin like this. */
gsize quilt_dbus_message_measure (const guint8 start[QUILT_DBUS_START]);

/* Reads a whole message in either byte order. Its texts stay in data, its body is the caller's. Of
 * the names, only that of the path is checked: the bus passes on no others. FALSE: data is no valid
 * message. */
gboolean quilt_dbus_message_read (const guint8 *data, gsize size, QuiltDbusMessage *ret_message);

/* The same without the body, which is not looked at, whatever it costs to read it. */
gboolean
quilt_dbus_message_read_head (const guint8 *data, gsize size, QuiltDbusMessage *ret_message);

/* The message in the byte order of this machine, owned by the caller. NULL: D-Bus does not allow
 * such a message, since it is too large or a type in its body is not one of D-Bus. */
GByteArray *quilt_dbus_message_write (const QuiltDbusMessage *message);
