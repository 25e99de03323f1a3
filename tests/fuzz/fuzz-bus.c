/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message of the bus, before it is decoded: GDBus makes no more values of it than were counted,
 * and what is cut can be decoded. */
#include "fuzz.h"

#include "daemon/relay/message.h"

#include <gio/gio.h>

#define VALUES_MAX 12

/* Counts the values of a container, at any depth. */
static guint
count (GVariant *value)
{
  guint n = 0;

  if (!g_variant_is_container (value) || g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    return 0;
  for (gsize i = 0; i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

    n += 1 + count (child);
  }
  return n;
}

static GDBusMessage *
decode (const guint8 *data, gsize size)
{
  return g_dbus_message_new_from_blob ((guchar *)data, size,
                                       G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autoptr (GDBusMessage) message = NULL;
  g_autoptr (GDBusMessage) cut = NULL;
  QuiltBusMessage measured;

  if (size < QUILT_BUS_START || !quilt_bus_message_measure (data, &measured))
    return 0;
  message = measured.size == size ? decode (data, size) : NULL;
  if (quilt_bus_message_has_at_most (data, size, VALUES_MAX) && message &&
      g_dbus_message_get_body (message))
    FUZZ_CHECK (count (g_dbus_message_get_body (message)) <= VALUES_MAX);
  if (measured.head > size)
    return 0;
  quilt_bus_message_get_sender (data, measured.head);
  if (!quilt_bus_message_cut (copy, &measured.head, QUILT_BUS_FLAG_TOO_LARGE))
    return 0;
  cut = decode (copy, measured.head);
  FUZZ_CHECK (!message || (cut && !g_dbus_message_get_body (cut)));
  return 0;
}
