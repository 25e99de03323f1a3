/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault 8: what can be said of a message before it is decoded. */
#include "base/check.h"

#include <gio/gio.h>

extern "C" {
#include "daemon/relay/message.h"
}

namespace
{

using Bytes = std::vector<guint8>;

/* unknown: a value for a header field that D-Bus does not know. */
Bytes
call (const char *body,
      GDBusMessageByteOrder order = G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN,
      const char *unknown = nullptr)
{
  g_autoptr (GDBusMessage) message =
      g_dbus_message_new_method_call ("org.quilt", "/org/quilt", "org.quilt.Manager", "Try");
  gsize size;

  g_dbus_message_set_serial (message, 7);
  g_dbus_message_set_sender (message, ":1.42");
  g_dbus_message_set_byte_order (message, order);
  if (unknown)
    g_dbus_message_set_header (message, static_cast<GDBusMessageHeaderField> (20),
                               g_variant_new_parsed (unknown));
  if (body)
    g_dbus_message_set_body (message, g_variant_new_parsed (body));
  g_autofree guchar *blob =
      g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
  return Bytes (blob, blob + size);
}

/* The head of a message, of which the rest is dropped. */
void
cut (Bytes &bytes)
{
  QuiltBusMessage measured;

  ASSERT_TRUE (quilt_bus_message_measure (bytes.data (), &measured));
  bytes.resize (measured.head);
  ASSERT_TRUE (quilt_bus_message_cut (bytes.data (), &measured.head, QUILT_BUS_FLAG_TOO_MANY));
  EXPECT_LE (measured.head, bytes.size ());
  bytes.resize (measured.head);
}

/* How often each body allocates when it is decoded, by hand. */
struct Body {
  const char *text;
  guint values;
};

const Body bodies[] = {
    {"(1,)", 1},
    {"('a', 'b', true, byte 3, 4.5)", 5},
    {"(@ag [], @a{sv} {})", 2},
    {"([signature '', '', 'as'],)", 4},
    {"(b'bytes are copied at once',)", 1},
    {"([b'a', b'', b'ccc'],)", 4},
    {"({'k': <uint64 5>, 'list': <['a', 'b']>},)", 11},
    {"([(1, 'x', <<(2, 3)>>)],)", 9},
    {"([[[@ai []]]], [[uint16 1, 2], []])", 9},
    {"(@a(yt) [], int64 1)", 2},
};

} // namespace

TEST (BusMessage, LengthsAreReadInBothByteOrders)
{
  for (auto order :
       {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN}) {
    Bytes bytes = call ("('abc', [1, 2, 3])", order);
    QuiltBusMessage message;

    ASSERT_TRUE (quilt_bus_message_measure (bytes.data (), &message));
    EXPECT_EQ (message.type, G_DBUS_MESSAGE_TYPE_METHOD_CALL);
    EXPECT_EQ (message.size, bytes.size ());
    EXPECT_EQ (message.size - message.head, 24u);
  }
}

TEST (BusMessage, WhatIsNoMessageIsNotMeasured)
{
  const Bytes good = call (nullptr);
  QuiltBusMessage message;

  for (auto [at, value] : {std::pair{0, 'x'}, {3, '\2'}, {7, '\x7f'}, {15, '\x7f'}}) {
    Bytes bad = good;

    bad[at] = static_cast<guint8> (value);
    EXPECT_FALSE (quilt_bus_message_measure (bad.data (), &message)) << at;
  }
}

TEST (BusMessage, ValuesAreCounted)
{
  for (auto order : {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN})
    for (const Body &body : bodies) {
      const Bytes bytes = call (body.text, order);

      EXPECT_TRUE (quilt_bus_message_has_at_most (bytes.data (), bytes.size (), body.values))
          << body.text;
      EXPECT_FALSE (quilt_bus_message_has_at_most (bytes.data (), bytes.size (), body.values - 1))
          << body.text;
    }
  const Bytes empty = call (nullptr);
  EXPECT_TRUE (quilt_bus_message_has_at_most (empty.data (), empty.size (), 0));
}

/* The bus looks into an array without elements no further, but GDBus does. */
TEST (BusMessage, WhatIsTooDeepForGDBusIsNotRead)
{
  struct {
    const char *text;
    int most; /* variants around it */
  } const cases[] = {{"byte 1", 63},    {"@ay []", 62},       {"@as []", 62},
                     {"@a{sv} {}", 61}, {"@a(ia(y)) []", 59}, {"@aaaaay []", 58}};

  for (const auto &[inner, most] : cases) {
    std::string text = inner;

    for (int depth = 1; depth <= 64; depth++) {
      text = "<" + text + ">";
      const Bytes bytes = call (("(" + text + ",)").c_str ());
      EXPECT_EQ (!!quilt_bus_message_has_at_most (bytes.data (), bytes.size (), 1000),
                 depth <= most)
          << inner << " " << depth;
    }
  }
}

TEST (BusMessage, ABodyThatEndsEarlyOrLateIsNotRead)
{
  for (const Body &body : bodies) {
    const Bytes bytes = call (body.text);

    for (gsize size = 0; size < bytes.size (); size++) {
      const Bytes part (bytes.begin (), bytes.begin () + static_cast<long> (size));

      EXPECT_FALSE (quilt_bus_message_has_at_most (part.data (), part.size (), 1000)) << body.text;
    }
    Bytes more = bytes;
    more.push_back (0);
    EXPECT_FALSE (quilt_bus_message_has_at_most (more.data (), more.size (), 1000)) << body.text;
  }
}

TEST (BusMessage, ACutCallIsOneWithoutABodyThatSaysSo)
{
  for (auto order :
       {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN}) {
    Bytes bytes = call ("('abc', [1, 2, 3])", order);
    Error error;

    cut (bytes);
    g_autoptr (GDBusMessage) message = g_dbus_message_new_from_blob (
        bytes.data (), bytes.size (), G_DBUS_CAPABILITY_FLAGS_NONE, error.out ());
    ASSERT_NE (message, nullptr) << error.message ();
    EXPECT_EQ (g_dbus_message_get_body (message), nullptr);
    EXPECT_EQ (g_dbus_message_get_serial (message), 7u);
    EXPECT_STREQ (g_dbus_message_get_member (message), "Try");
    EXPECT_STREQ (g_dbus_message_get_sender (message), ":1.42");
    EXPECT_EQ (bytes[2], QUILT_BUS_FLAG_TOO_MANY); /* which is no value of GDBusMessageFlags */
  }
}

TEST (BusMessage, FieldsThatEndEarlyAreNotCut)
{
  Bytes bytes = call ("(1,)");
  QuiltBusMessage measured;

  ASSERT_TRUE (quilt_bus_message_measure (bytes.data (), &measured));
  for (gsize size = 0; size < measured.head - 7; size++) {
    Bytes part (bytes.begin (), bytes.begin () + static_cast<long> (size));

    EXPECT_FALSE (quilt_bus_message_cut (part.data (), &size, QUILT_BUS_FLAG_TOO_LARGE)) << size;
  }
}

/* A peer must accept and ignore them (D-Bus Specification, "Header Fields"), whatever their type.
 */
TEST (BusMessage, FieldsThatDBusDoesNotKnowAreLeftOut)
{
  for (auto order : {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN})
    for (const char *unknown : {"byte 1", "[1, 2, 3]", "('x', <[{'k': <(1, byte 2)>}]>)", "''"}) {
      Bytes bytes = call ("('abc',)", order, unknown);
      Error error;

      EXPECT_STREQ (quilt_bus_message_get_sender (bytes.data (), bytes.size ()), ":1.42");
      EXPECT_TRUE (quilt_bus_message_has_at_most (bytes.data (), bytes.size (), 20)) << unknown;
      cut (bytes);
      g_autoptr (GDBusMessage) message = g_dbus_message_new_from_blob (
          bytes.data (), bytes.size (), G_DBUS_CAPABILITY_FLAGS_NONE, error.out ());
      ASSERT_NE (message, nullptr) << unknown << ": " << error.message ();
      EXPECT_EQ (g_dbus_message_get_header (message, static_cast<GDBusMessageHeaderField> (20)),
                 nullptr);
      EXPECT_STREQ (g_dbus_message_get_member (message), "Try");
      EXPECT_STREQ (g_dbus_message_get_sender (message), ":1.42");
      EXPECT_EQ (bytes[2], QUILT_BUS_FLAG_TOO_MANY);
    }
}

/* GDBus decodes header fields too. */
TEST (BusMessage, ValuesOfAFieldAreCounted)
{
  const Bytes bytes = call ("(1,)", G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, "[1, 2, 3, 4, 5, 6]");

  EXPECT_TRUE (quilt_bus_message_has_at_most (bytes.data (), bytes.size (), 7));
  EXPECT_FALSE (quilt_bus_message_has_at_most (bytes.data (), bytes.size (), 6));
}

TEST (BusMessage, ASenderIsFoundOrNot)
{
  const Bytes bytes = call ("(1,)");

  for (gsize size = 0; size < bytes.size (); size++) {
    const char *sender = quilt_bus_message_get_sender (bytes.data (), size);

    EXPECT_TRUE (!sender || g_str_equal (sender, ":1.42"));
  }
  g_autoptr (GDBusMessage) message = g_dbus_message_new_signal ("/", "a.b", "C");
  gsize size;
  g_dbus_message_set_serial (message, 1);
  g_autofree guchar *blob =
      g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
  EXPECT_EQ (quilt_bus_message_get_sender (blob, size), nullptr);
}

TEST (BusMessage, ANameThatIsGoneIsFound)
{
  const auto signal = [] (const char *member, const char *body) {
    g_autoptr (GDBusMessage) message =
        g_dbus_message_new_signal ("/", "org.freedesktop.DBus", member);
    gsize size;
    g_dbus_message_set_serial (message, 1);
    g_dbus_message_set_body (message, g_variant_new_parsed (body));
    g_autofree guchar *blob =
        g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
    return Bytes (blob, blob + size);
  };
  const auto vanished = [] (const Bytes &bytes) {
    const char *name = quilt_bus_message_get_vanished (bytes.data (), bytes.size ());
    return std::string (name ? name : "none");
  };
  const Bytes gone = signal ("NameOwnerChanged", "(':1.7', ':1.7', '')");

  EXPECT_EQ (vanished (gone), ":1.7");
  EXPECT_EQ (vanished (signal ("NameOwnerChanged", "(':1.7', '', ':1.7')")), "none");
  EXPECT_EQ (vanished (signal ("NameOwnerChanged", "(':1.7',)")), "none");
  EXPECT_EQ (vanished (signal ("NameAcquired", "(':1.7', ':1.7', '')")), "none");
  for (gsize size = 0; size < gone.size (); size++)
    EXPECT_EQ (vanished (Bytes (gone.begin (), gone.begin () + (long)size)), "none");
}
