/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call that quiltd receives: no more values are decoded than were counted, and a head is read
 * alike with and without its body. */
#include "fuzz.h"

#include "dbus/measure.h"
#include "dbus/message.h"

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

static void
check_body (const uint8_t *data, size_t size, const QuiltDbusMessage *head)
{
  g_autoptr (GVariant) body = quilt_dbus_message_read_body (data, size, head);

  if (body && quilt_dbus_message_has_at_most (data, size, VALUES_MAX))
    FUZZ_CHECK (count (body) <= VALUES_MAX);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  QuiltDbusMessage whole, head;
  g_autofree guint8 *copy = NULL;
  gsize n;

  if (size < QUILT_DBUS_START || quilt_dbus_message_measure (data) == 0)
    return 0;
  quilt_dbus_message_has_at_most (data, size, VALUES_MAX);
  if (!quilt_dbus_message_read_head (data, size, &whole))
    return 0;
  n = quilt_dbus_message_measure_head (data);
  FUZZ_CHECK (n <= size);
  copy = g_memdup2 (data, n);
  FUZZ_CHECK (quilt_dbus_message_read_head (copy, n, &head));
  FUZZ_CHECK (head.serial == whole.serial && head.n_fds == whole.n_fds);
  FUZZ_CHECK (g_strcmp0 (head.sender, whole.sender) == 0);
  FUZZ_CHECK (g_strcmp0 (head.member, whole.member) == 0);
  if (quilt_dbus_message_measure (data) == size)
    check_body (data, size, &whole);
  return 0;
}
