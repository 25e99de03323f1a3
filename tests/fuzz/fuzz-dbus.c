/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message that the bus sends to a client: what is read is what GDBus reads, and can be written
 * again. */
#include "fuzz.h"

#include "dbus/message.h"

#include <gio/gio.h>

static void
compare (const uint8_t *data, size_t size, GVariant *body)
{
  g_autoptr (GDBusMessage) other = g_dbus_message_new_from_blob (
      (guchar *)data, size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  GVariant *other_body = other ? g_dbus_message_get_body (other) : NULL;

  FUZZ_CHECK (!other_body || g_variant_equal (other_body, body));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GByteArray) written = NULL;
  QuiltDbusMessage message, again;

  if (!quilt_dbus_message_read (data, size, &message))
    return 0;
  compare (data, size, message.body);
  written = quilt_dbus_message_write (&message);
  FUZZ_CHECK (written != NULL);
  FUZZ_CHECK (quilt_dbus_message_read (written->data, written->len, &again));
  FUZZ_CHECK (again.serial == message.serial && again.n_fds == message.n_fds);
  FUZZ_CHECK (g_strcmp0 (again.member, message.member) == 0);
  FUZZ_CHECK (g_variant_equal (again.body, message.body));
  g_variant_unref (again.body);
  g_variant_unref (message.body);
  return 0;
}
