/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault 8: what can be said of a message before it is decoded. */
#include "base/check.h"

#include <gio/gio.h>

extern "C" {
#include "dbus/measure.h"
#include "dbus/message.h"
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

    EXPECT_EQ (quilt_dbus_message_measure (bytes.data ()), bytes.size ());
    EXPECT_EQ (bytes.size () - quilt_dbus_message_measure_head (bytes.data ()), 24u);
  }
}

TEST (BusMessage, MeasuresNoInvalidMessage)
{
  const Bytes good = call (nullptr);

  for (auto [at, value] : {std::pair{0, 'x'}, {3, '\2'}, {7, '\x7f'}, {15, '\x7f'}}) {
    Bytes bad = good;

    bad[at] = static_cast<guint8> (value);
    EXPECT_EQ (quilt_dbus_message_measure (bad.data ()), 0u) << at;
  }
}

TEST (BusMessage, ValuesAreCounted)
{
  for (auto order : {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN})
    for (const Body &body : bodies) {
      const Bytes bytes = call (body.text, order);

      EXPECT_TRUE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), body.values))
          << body.text;
      EXPECT_FALSE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), body.values - 1))
          << body.text;
    }
  const Bytes empty = call (nullptr);
  EXPECT_TRUE (quilt_dbus_message_has_at_most (empty.data (), empty.size (), 0));
}

/* The bus looks into an array without elements no further, but GDBus does. */
TEST (BusMessage, RefusesDeeperNestingThanGDBus)
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
      EXPECT_EQ (!!quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), 1000),
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

      EXPECT_FALSE (quilt_dbus_message_has_at_most (part.data (), part.size (), 1000)) << body.text;
    }
    Bytes more = bytes;
    more.push_back (0);
    EXPECT_FALSE (quilt_dbus_message_has_at_most (more.data (), more.size (), 1000)) << body.text;
  }
}

/* Of a call that is too large, only the head is read. */
TEST (BusMessage, AHeadIsReadWithoutABody)
{
  for (auto order :
       {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN}) {
    Bytes bytes = call ("('abc', [1, 2, 3])", order);
    QuiltDbusMessage message;

    bytes.resize (quilt_dbus_message_measure_head (bytes.data ()));
    ASSERT_TRUE (quilt_dbus_message_read_head (bytes.data (), bytes.size (), &message));
    EXPECT_EQ (message.serial, 7u);
    EXPECT_STREQ (message.member, "Try");
    EXPECT_STREQ (message.sender, ":1.42");
  }
}

TEST (BusMessage, AHeadThatEndsEarlyIsNotRead)
{
  Bytes bytes = call ("(1,)");
  QuiltDbusMessage message;

  for (gsize size = 0; size < quilt_dbus_message_measure_head (bytes.data ()); size++) {
    const Bytes part (bytes.begin (), bytes.begin () + static_cast<long> (size));

    EXPECT_FALSE (quilt_dbus_message_read_head (part.data (), size, &message)) << size;
  }
}

/* A peer must accept and ignore them (D-Bus Specification, "Header Fields"), whatever their type.
 */
TEST (BusMessage, FieldsThatDBusDoesNotKnowAreLeftOut)
{
  for (auto order : {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN})
    for (const char *unknown : {"byte 1", "[1, 2, 3]", "('x', <[{'k': <(1, byte 2)>}]>)", "''"}) {
      const Bytes bytes = call ("('abc',)", order, unknown);
      QuiltDbusMessage message;

      EXPECT_TRUE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), 20)) << unknown;
      ASSERT_TRUE (quilt_dbus_message_read (bytes.data (), bytes.size (), &message)) << unknown;
      EXPECT_STREQ (message.member, "Try");
      EXPECT_STREQ (message.sender, ":1.42");
      EXPECT_TRUE (g_variant_is_of_type (message.body, G_VARIANT_TYPE ("(s)")));
      g_variant_unref (message.body);
    }
}

/* They are counted too. */
TEST (BusMessage, ValuesOfAFieldAreCounted)
{
  const Bytes bytes = call ("(1,)", G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, "[1, 2, 3, 4, 5, 6]");

  EXPECT_TRUE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), 7));
  EXPECT_FALSE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), 6));
}

/* Each of many empty arrays of a long type takes time. */
TEST (BusMessage, ALongTypeCountsForEachOfItsArrays)
{
  std::string type (251, 'y'), body = "(@aa(" + type + ") [";

  for (int i = 0; i < 100; i++)
    body += i ? ", []" : "[]";
  body += "],)";
  const Bytes bytes = call (body.c_str ());

  EXPECT_FALSE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), 1000));
  EXPECT_TRUE (quilt_dbus_message_has_at_most (bytes.data (), bytes.size (), 2000));
}

/* A byte in 32 structures is 33 values; dbus-broker passes a field that it does not know on. */
TEST (BusMessage, AnUnknownFieldOfManyStructuresIsSkipped)
{
  const std::string value = std::string (32, '(') + "byte 1" + [] {
    std::string end;
    for (int i = 0; i < 32; i++)
      end += ",)";
    return end;
  }();
  const Bytes bytes = call (nullptr, G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, value.c_str ());
  QuiltDbusMessage message;

  EXPECT_TRUE (quilt_dbus_message_read_head (bytes.data (), bytes.size (), &message));
}
