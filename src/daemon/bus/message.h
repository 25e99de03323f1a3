/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lengths and counts of a D-Bus message that is not decoded yet (D-Bus Specification, "Message
 * Protocol"). */
#pragma once

#include <glib.h>

/* Every message begins with these bytes, which tell the lengths of the others. */
#define QUILT_BUS_START 16

/* Flags that D-Bus does not know, for a call whose body was taken out: why it is to be refused. */
#define QUILT_BUS_FLAG_TOO_LARGE 0x40
#define QUILT_BUS_FLAG_TOO_MANY 0x80

typedef struct {
  guint8 type; /* a GDBusMessageType */
  guint32 serial;
  gsize head; /* bytes before the body, those of the start included */
  gsize size; /* bytes of the whole message */
} QuiltBusMessage;

/* FALSE: these are not the first bytes of a message. */
gboolean quilt_bus_message_measure (const guint8 start[QUILT_BUS_START],
                                    QuiltBusMessage *ret_message);

/* Whether the body of a whole message has at most so many values, and so few are in the header
 * fields that D-Bus does not know. Each of them costs GDBus an allocation; a string of bytes counts
 * as one. FALSE also if the message can't be read, or has values in each other that are too deep
 * for GDBus. */
gboolean quilt_bus_message_has_at_most (const guint8 *message, gsize size, guint values);

/* Makes the first bytes of a message, all that come before its body, a message without a body and
 * without descriptors, and sets one of the flags above. Fields that D-Bus does not know are left
 * out: GDBus would decode them, and they may have any size. *size is adapted. FALSE: the bytes
 * can't be read. */
gboolean quilt_bus_message_cut (guint8 *head, gsize *size, guint8 flag);

/* The unique name of the caller, which the bus has put into the message; it stays in head. NULL:
 * there is none. */
const char *quilt_bus_message_get_sender (const guint8 *head, gsize size);

/* The name that nobody has any more, of a signal of the bus that says so; it stays in message.
 * NULL: this is another message. */
const char *quilt_bus_message_get_vanished (const guint8 *message, gsize size);
