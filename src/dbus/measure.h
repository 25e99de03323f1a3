/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads lengths and counts of D-Bus values without decoding the values (D-Bus Specification,
 * "Marshaling (Wire Format)"). */
#pragma once

#include <glib.h>

/* Size of the fixed start of every message, which gives the message's length. */
#define QUILT_DBUS_START 16

/* Whether the body of a whole message has at most this many values, and so do the header fields
 * that D-Bus does not know. Each value costs an allocation when it is decoded; an array of bytes
 * counts as one. Also returns FALSE if the message is malformed, or nested too deeply. */
gboolean quilt_dbus_message_has_at_most (const guint8 *message, gsize size, guint values);

/* Skips one value in a header field. type is a signature of one complete type. Returns the position
 * behind the value. Returns 0 if the value does not end before end. */
gsize
quilt_dbus_skip_value (const guint8 *bytes, gsize at, gsize end, gboolean little, const char *type);
