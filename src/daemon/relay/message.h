/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads lengths and counts of a D-Bus message that is not decoded (D-Bus Specification, "Message
 * Protocol"). */
#pragma once

#include <glib.h>

/* Size of the fixed start of every message, which gives the other lengths. */
#define QUILT_BUS_START 16

/* Flags that D-Bus does not use. They mark a call whose body was removed, with the reason for
 * refusing it. */
#define QUILT_BUS_FLAG_TOO_LARGE 0x40
#define QUILT_BUS_FLAG_TOO_MANY 0x80

typedef struct {
  guint8 type; /* a GDBusMessageType */
  guint32 serial;
  gsize head; /* bytes before the body, including the fixed start */
  gsize size; /* bytes of the whole message */
} QuiltBusMessage;

/* Returns FALSE if these bytes can't begin a message. */
gboolean quilt_bus_message_measure (const guint8 start[QUILT_BUS_START],
                                    QuiltBusMessage *ret_message);

/* Whether the body of a whole message has at most this many values, and so do the header fields
 * that D-Bus does not know. Each value costs GDBus an allocation; an array of bytes counts as one.
 * Also returns FALSE if the message is malformed, or nested too deeply for GDBus. */
gboolean quilt_bus_message_has_at_most (const guint8 *message, gsize size, guint values);

/* Turns the bytes before the body into a message without body and descriptors, and sets one of the
 * flags above. Drops header fields that D-Bus does not know: GDBus would decode them, and they may
 * have any size. Adapts *size. Returns FALSE if the bytes are malformed. */
gboolean quilt_bus_message_cut (guint8 *head, gsize *size, guint8 flag);

/* The unique name of the sender, which the bus has set; points into head. NULL if there is none. */
const char *quilt_bus_message_get_sender (const guint8 *head, gsize size);

/* If the message is the bus's signal that a name has lost its owner, returns that name; points into
 * message. Otherwise NULL. */
const char *quilt_bus_message_get_vanished (const guint8 *message, gsize size);
