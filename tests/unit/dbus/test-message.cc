// SPDX-License-Identifier: LGPL-2.1-or-later
// D-Bus messages as bytes. GDBus is the other opinion: what one writes, the other reads.
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "dbus/measure.h"
#include "dbus/message.h"
#include "dbus/signature.h"
}

namespace
{
using Bytes = std::vector<guint8>;

const char *const bodies[] = {
    "()",
    "(byte 255,)",
    "(true, false)",
    "(int16 -2, uint16 65534)",
    "(-3, uint32 4294967293)",
    "(int64 -4, uint64 18446744073709551612)",
    "(1.5,)",
    "('', 'text', 'grün')",
    "(objectpath '/', objectpath '/org/quilt/container/a_1')",
    "(signature '', signature 'a{sv}(ii)')",
    "(handle 0, handle 1)",
    "(<'variant'>, <<byte 1>>, <@a{sv} {}>)",
    "(@ay [], @as [], @a(yv) [], @ax [], @a{sv} {})",
    "([byte 1, 2, 3], b'bytes', [true, false, true])",
    "([int16 -1, 2], [uint16 3], [-4, 5], [uint32 6], [int64 -7], [uint64 8, 9], [1.0, 2.5])",
    "([handle 1, 0], [objectpath '/a', '/b'], [signature 'i', 'u'])",
    "(['a', 'bc', ''], [['x'], @as []], [[byte 1], @ay [], [2, 3]])",
    "({'key': <1>, 'other': <['a', 'b']>, 'third': <{'deep': <(1, 'x')>}>},)",
    "({uint32 1: 'one', 2: 'two'}, {byte 1: (uint64 2, true)})",
    "(byte 1, int64 2, byte 3, (byte 4, 5.5), 'x', ((byte 6,), 'y'))",
    "([(objectpath '/a', 'n', 's', uint64 3, ['x'])], byte 1)",
};

GDBusMessage *
make_call (GVariant *body, GDBusMessageByteOrder order)
{
  GDBusMessage *message = g_dbus_message_new_method_call ("org.quilt", "/org/quilt",
                                                          "org.quilt.Manager", "ListContainers");

  g_dbus_message_set_serial (message, 7);
  g_dbus_message_set_byte_order (message, order);
  g_dbus_message_set_sender (message, ":1.5");
  if (g_variant_n_children (body) > 0)
    g_dbus_message_set_body (message, body);
  if (strchr (g_variant_get_type_string (body), 'h')) {
    g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();

    g_unix_fd_list_append (fds, 0, nullptr);
    g_unix_fd_list_append (fds, 0, nullptr);
    g_dbus_message_set_unix_fd_list (message, fds);
  }
  return message;
}

Bytes
blob_of (GDBusMessage *message)
{
  gsize size;
  g_autoptr (GError) error = nullptr;
  guchar *blob =
      g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, &error);

  EXPECT_TRUE (blob) << error->message;
  Bytes bytes (blob, blob + size);
  g_free (blob);
  return bytes;
}

Bytes
call_with (const char *text, GDBusMessageByteOrder order = G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN)
{
  g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autoptr (GDBusMessage) message = make_call (body, order);

  return blob_of (message);
}

gboolean
read_bytes (const Bytes &bytes, QuiltDbusMessage *ret_message)
{
  return quilt_dbus_message_read (bytes.data (), bytes.size (), ret_message);
}

bool
is_valid (const Bytes &bytes)
{
  QuiltDbusMessage message;

  if (!read_bytes (bytes, &message))
    return false;
  g_variant_unref (message.body);
  return true;
}

std::string
print (GVariant *value)
{
  g_autofree char *text = g_variant_print (value, TRUE);

  return text;
}

// A message by hand, little-endian.
struct Raw {
  Bytes bytes;

  Raw &pad (size_t to)
  {
    while (bytes.size () % to)
      bytes.push_back (0);
    return *this;
  }
  Raw &byte (unsigned value)
  {
    bytes.push_back ((guint8)value);
    return *this;
  }
  Raw &number (guint32 value)
  {
    pad (4);
    for (int i = 0; i < 4; i++)
      byte (value >> 8 * i & 0xff);
    return *this;
  }
  Raw &text (const std::string &value)
  {
    number ((guint32)value.size ());
    bytes.insert (bytes.end (), value.begin (), value.end ());
    return byte (0);
  }
  Raw &signature (const std::string &value)
  {
    byte ((unsigned)value.size ());
    bytes.insert (bytes.end (), value.begin (), value.end ());
    return byte (0);
  }
  Raw &field (unsigned code, const std::string &type, const std::string &value)
  {
    pad (8).byte (code).signature (type);
    return type == "g" ? signature (value) : text (value);
  }
  Raw &patch (size_t at, guint32 value)
  {
    for (int i = 0; i < 4; i++)
      bytes[at + (size_t)i] = (guint8)(value >> 8 * i);
    return *this;
  }
  Raw &end_fields ()
  {
    return patch (12, (guint32)bytes.size () - 16).pad (8);
  }
  Bytes end_body (size_t begin)
  {
    return patch (4, (guint32)(bytes.size () - begin)).bytes;
  }
};

Raw
start (unsigned type = QUILT_DBUS_SIGNAL, guint32 serial = 1)
{
  return Raw ().byte ('l').byte (type).byte (0).byte (1).number (0).number (serial).number (0);
}

// A signal whose body has this signature and these bytes.
Bytes
signal_with (const std::string &type, const Raw &body, guint32 n_fds = 0)
{
  Raw raw = start ();

  raw.field (1, "o", "/a").field (2, "s", "a.b").field (3, "s", "C").field (8, "g", type);
  if (n_fds)
    raw.pad (8).byte (9).signature ("u").number (n_fds);
  raw.end_fields ();
  const size_t begin = raw.bytes.size ();
  raw.bytes.insert (raw.bytes.end (), body.bytes.begin (), body.bytes.end ());
  return raw.end_body (begin);
}

std::string
repeat (const char *text, int n)
{
  std::string all;

  while (n-- > 0)
    all += text;
  return all;
}
} // namespace

TEST (Message, ReadsWhatGDBusWritesInBothByteOrders)
{
  for (const char *text : bodies)
    for (auto order :
         {G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN}) {
      g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new_parsed (text));
      const Bytes bytes = call_with (text, order);
      QuiltDbusMessage message;

      ASSERT_EQ (quilt_dbus_message_measure (bytes.data ()), bytes.size ());
      ASSERT_TRUE (read_bytes (bytes, &message)) << text;
      EXPECT_TRUE (g_variant_equal (message.body, body)) << print (message.body);
      EXPECT_EQ (message.type, QUILT_DBUS_CALL);
      EXPECT_EQ (message.serial, 7u);
      EXPECT_STREQ (message.path, "/org/quilt");
      EXPECT_STREQ (message.interface, "org.quilt.Manager");
      EXPECT_STREQ (message.member, "ListContainers");
      EXPECT_STREQ (message.destination, "org.quilt");
      EXPECT_STREQ (message.sender, ":1.5");
      EXPECT_EQ (message.error_name, nullptr);
      EXPECT_EQ (message.reply_serial, 0u);
      g_variant_unref (message.body);
    }
}

TEST (Message, WritesWhatGDBusReads)
{
  for (const char *text : bodies) {
    g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new_parsed (text));
    const QuiltDbusMessage message = {QUILT_DBUS_CALL,
                                      QUILT_DBUS_NO_AUTO_START,
                                      9,
                                      0,
                                      2,
                                      "/a/b",
                                      "a.b",
                                      "C",
                                      nullptr,
                                      "d.e",
                                      nullptr,
                                      nullptr,
                                      body};
    g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&message);
    g_autoptr (GError) error = nullptr;
    QuiltDbusMessage again;

    ASSERT_TRUE (bytes) << text;
    g_autoptr (GDBusMessage) other = g_dbus_message_new_from_blob (
        bytes->data, bytes->len, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, &error);
    ASSERT_TRUE (other) << text << ": " << error->message;
    EXPECT_EQ (g_dbus_message_get_serial (other), 9u);
    EXPECT_EQ (g_dbus_message_get_flags (other), G_DBUS_MESSAGE_FLAGS_NO_AUTO_START);
    EXPECT_STREQ (g_dbus_message_get_path (other), "/a/b");
    EXPECT_STREQ (g_dbus_message_get_interface (other), "a.b");
    EXPECT_STREQ (g_dbus_message_get_member (other), "C");
    EXPECT_STREQ (g_dbus_message_get_destination (other), "d.e");
    EXPECT_EQ (g_dbus_message_get_num_unix_fds (other), 2u);
    if (g_variant_n_children (body) > 0) {
      EXPECT_TRUE (g_variant_equal (g_dbus_message_get_body (other), body)) << text;
    }
    ASSERT_TRUE (quilt_dbus_message_read (bytes->data, bytes->len, &again));
    EXPECT_TRUE (g_variant_equal (again.body, body));
    g_variant_unref (again.body);
  }
}

TEST (Message, ReadsErrorsAndReplies)
{
  g_autoptr (GDBusMessage) call =
      make_call (g_variant_new ("()"), G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN);
  g_autoptr (GDBusMessage) error =
      g_dbus_message_new_method_error_literal (call, "org.quilt.Error.Busy", "Not now");
  QuiltDbusMessage message;

  g_dbus_message_set_serial (error, 8);
  const Bytes bytes = blob_of (error);
  ASSERT_TRUE (read_bytes (bytes, &message));
  EXPECT_EQ (message.type, QUILT_DBUS_ERROR_REPLY);
  EXPECT_EQ (message.reply_serial, 7u);
  EXPECT_STREQ (message.error_name, "org.quilt.Error.Busy");
  EXPECT_EQ (print (message.body), "('Not now',)");
  g_variant_unref (message.body);
}

/* A body without its last bytes is invalid, whatever its length says. */
TEST (Message, TruncatedAtEveryByteIsInvalid)
{
  for (const char *text : bodies) {
    const Bytes whole = call_with (text);
    guint32 body;

    memcpy (&body, whole.data () + 4, sizeof body);
    for (size_t size = 0; size < whole.size (); size++) {
      Bytes bytes (whole.begin (), whole.begin () + (long)size);

      ASSERT_FALSE (is_valid (bytes)) << text << " at " << size;
      if (size < whole.size () - body)
        continue;
      Raw raw{bytes};
      raw.patch (4, (guint32)(size - (whole.size () - body)));
      ASSERT_FALSE (is_valid (raw.bytes)) << text << " at " << size;
    }
  }
}

/* A message that we accept is read as GDBus reads it. GDBus accepts more, such as padding with
 * bytes other than 0. */
TEST (Message, RandomFlipsAreReadAsGDBusReadsThemOrRefused)
{
  std::mt19937 random (10);
  int n_read = 0;

  for (int round = 0; round < 20000; round++) {
    Bytes bytes = call_with (bodies[random () % G_N_ELEMENTS (bodies)],
                             random () % 2 ? G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN
                                           : G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN);
    QuiltDbusMessage message;

    for (unsigned flips = 1 + random () % 3; flips > 0; flips--)
      bytes[random () % bytes.size ()] ^= (guint8)(1u << random () % 8);
    if (!read_bytes (bytes, &message))
      continue;
    n_read++;
    g_autoptr (GDBusMessage) other = g_dbus_message_new_from_blob (
        bytes.data (), bytes.size (), G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, nullptr);
    if (other && g_dbus_message_get_body (other)) {
      EXPECT_TRUE (g_variant_equal (g_dbus_message_get_body (other), message.body));
    }
    g_variant_unref (message.body);
  }
  EXPECT_GT (n_read, 100);
}

TEST (Message, InvalidValuesAreRefused)
{
  const struct {
    const char *type;
    Raw good, bad;
  } cases[] = {
      {"b", Raw ().number (1), Raw ().number (2)},
      {"s", Raw ().text ("a"), Raw ().text ("\xff")},
      {"s", Raw ().text (""), Raw ().text (std::string ("a\0b", 3))},
      {"s", Raw ().text ("a"), Raw ().number (1).byte ('a').byte ('b')},
      {"s", Raw ().text ("a"), Raw ().number (0xffffffff).byte ('a').byte (0)},
      {"o", Raw ().text ("/a"), Raw ().text ("a")},
      {"o", Raw ().text ("/"), Raw ().text ("/a/")},
      {"g", Raw ().signature ("a{sv}"), Raw ().signature ("{sv}")},
      {"g", Raw ().signature (""), Raw ().signature ("a")},
      {"g", Raw ().signature ("(i)"), Raw ().signature ("()")},
      {"g", Raw ().signature ("i"), Raw ().signature ("mi")},
      {"h", Raw ().number (0), Raw ().number (1)},
      {"v", Raw ().signature ("y").byte (1), Raw ().signature ("")},
      {"v", Raw ().signature ("y").byte (1), Raw ().signature ("yy").byte (1).byte (1)},
      {"yu", Raw ().byte (1).number (2), Raw ().byte (1).byte (1).byte (0).byte (0).number (2)},
      {"ay", Raw ().number (1).byte (1), Raw ().number (2).byte (1)},
      {"ai", Raw ().number (4).number (1), Raw ().number (3).byte (0).byte (0).byte (0)},
      {"as", Raw ().number (6).text ("a"), Raw ().number (5).text ("a")},
      {"as", Raw ().number (0), Raw ().number (6).text ("a").byte (0)},
      {"(y)", Raw ().byte (1), Raw ()},
      {"y", Raw ().byte (1), Raw ().byte (1).byte (1)},
      {"a{sv}", Raw ().number (0).number (0), Raw ().number (1).number (0).byte (0)},
  };

  for (const auto &test : cases) {
    EXPECT_TRUE (is_valid (signal_with (test.type, test.good, 1))) << test.type;
    EXPECT_FALSE (is_valid (signal_with (test.type, test.bad, 1))) << test.type;
  }
}

TEST (Message, HeadersAreChecked)
{
  const auto signal = [] { return start ().field (1, "o", "/a").field (2, "s", "a.b"); };
  const auto whole = [] (Raw raw) { return raw.end_fields ().bytes; };
  const Bytes good = whole (signal ().field (3, "s", "C"));
  Bytes bad;

  EXPECT_TRUE (is_valid (good));
  EXPECT_FALSE (is_valid (whole (signal ()))) << "no member";
  EXPECT_FALSE (is_valid (whole (signal ().field (3, "s", "C").field (3, "s", "C"))));
  EXPECT_FALSE (is_valid (whole (signal ().field (3, "g", "s"))));
  EXPECT_FALSE (is_valid (whole (signal ().field (3, "s", "C").field (0, "s", "C"))));
  EXPECT_FALSE (is_valid (whole (signal ().field (3, "s", "C").field (8, "g", "s")))) << "no body";
  EXPECT_FALSE (is_valid (whole (signal ().field (3, "s", "C").field (200, "{sv}", ""))));
  EXPECT_TRUE (is_valid (whole (signal ().field (3, "s", "C").field (200, "s", "new"))));
  for (unsigned type = 0; type < 3; type++)
    EXPECT_FALSE (is_valid (whole (start (type).field (2, "s", "a.b")))) << type;
  EXPECT_TRUE (is_valid (whole (start (5)))) << "a type to come, which is ignored";
  EXPECT_FALSE (is_valid (whole (start (5, 0)))) << "serial";
  for (auto [at, value] : {std::pair<size_t, guint8> (0, 'x'), {0, 'B'}, {3, 2}, {12, 255}}) {
    bad = good;
    bad[at] = value;
    EXPECT_FALSE (is_valid (bad)) << at;
  }
}

TEST (Message, LimitsOfLengths)
{
  const auto size_of = [] (guint32 body, guint32 fields) {
    const Raw raw = start ().patch (4, body).patch (12, fields);

    return quilt_dbus_message_measure (raw.bytes.data ());
  };

  EXPECT_EQ (size_of (1, 0), 17u);
  EXPECT_EQ (size_of (1, 1), 25u);
  EXPECT_EQ (size_of ((128 << 20) - 16, 0), 128u << 20);
  EXPECT_EQ (size_of ((128 << 20) - 15, 0), 0u);
  EXPECT_EQ (size_of (0, (64 << 20) + 1), 0u);
  EXPECT_EQ (size_of (0xffffffff, 0xffffffff), 0u);
}

TEST (Message, LimitOfAnArray)
{
  for (guint32 size : {64u << 20, (64u << 20) + 1}) {
    Raw body = Raw ().number (size);
    Bytes zeros (size);

    body.bytes.insert (body.bytes.end (), zeros.begin (), zeros.end ());
    EXPECT_EQ (is_valid (signal_with ("ay", body)), size == 64u << 20);

    QuiltDbusMessage message = {QUILT_DBUS_SIGNAL, 0, 1};
    message.body = g_variant_ref_sink (g_variant_new (
        "(@ay)", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, zeros.data (), zeros.size (), 1)));
    g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&message);
    EXPECT_EQ (bytes != nullptr, size == 64u << 20);
    g_variant_unref (message.body);
  }
}

// Variants within variants: a body's depth is limited whatever its signature says.
TEST (Message, LimitOfDepth)
{
  for (int depth : {1, 63, 64, 1000, 100000}) {
    Raw body;

    for (int i = 1; i < depth; i++)
      body.signature ("v");
    body.signature ("y").byte (1);
    EXPECT_EQ (is_valid (signal_with ("v", body)), depth < 64) << depth;
  }
}

/* dbus-daemon passes these types on, although the specification allows only 32 structures and
 * entries in each other, and 32 arrays. Any user could otherwise end the connection. */
TEST (Message, ATypeThatOnlyTheBusAllowsSpoilsOnlyItsMessage)
{
  std::string arrays, entries;

  for (int i = 0; i < 32; i++)
    arrays += "a(";
  arrays += "ay";
  for (int i = 0; i < 32; i++)
    arrays += ")";
  for (int i = 0; i < 17; i++)
    entries += "a{y";
  for (int i = 0; i < 16; i++)
    entries += "(";
  entries += "y";
  for (int i = 0; i < 16; i++)
    entries += ")";
  for (int i = 0; i < 17; i++)
    entries += "}";
  for (const std::string &type : {arrays, entries}) {
    ASSERT_TRUE (g_variant_type_string_is_valid (type.c_str ()));
    ASSERT_FALSE (quilt_dbus_type_is_single (type.c_str ()));
    g_autoptr (GDBusMessage) call =
        make_call (g_variant_new_tuple (
                       std::array<GVariant *, 1>{
                           g_variant_new_array (
                               g_variant_type_element (G_VARIANT_TYPE (type.c_str ())), nullptr, 0)}
                           .data (),
                       1),
                   G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN);
    gsize size;
    g_autofree guchar *blob =
        g_dbus_message_to_blob (call, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
    QuiltDbusMessage message;

    ASSERT_NE (blob, nullptr);
    EXPECT_TRUE (quilt_dbus_message_read_head (blob, size, &message));
    EXPECT_STREQ (message.signature, type.c_str ());
    EXPECT_EQ (quilt_dbus_message_read_body (blob, size, &message), nullptr);
    EXPECT_FALSE (quilt_dbus_message_has_at_most (blob, size, 65536));
  }
}

TEST (Message, WritesNoTypeThatDBusLacks)
{
  for (const char *text :
       {"(@mi 1,)", "(<@mi 1>,)", "((),)", "(<()>,)", "({'a', 1},)", "([()],)"}) {
    g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new_parsed (text));
    QuiltDbusMessage message = {QUILT_DBUS_SIGNAL, 0, 1};

    message.body = body;
    EXPECT_EQ (quilt_dbus_message_write (&message), nullptr) << text;
  }
}

TEST (Signature, Limits)
{
  for (const char *good : {"", "y", "ai", "a{sv}", "(ii)(s)", "aa{ya(ai)}", "a{s(iv)}"})
    EXPECT_TRUE (quilt_dbus_signature_is_valid (good)) << good;
  for (const char *bad : {"a", "(", ")", "()", "(i", "i)", "{sv}", "a{vs}", "a{s}", "a{sii}", "a{}",
                          "a{sv", "z", "mi", "*", "r", "(a)", "a{(i)s}", "i i"})
    EXPECT_FALSE (quilt_dbus_signature_is_valid (bad)) << bad;
  EXPECT_TRUE (quilt_dbus_signature_is_valid (repeat ("y", 255).c_str ()));
  EXPECT_FALSE (quilt_dbus_signature_is_valid (repeat ("y", 256).c_str ()));
  EXPECT_TRUE (quilt_dbus_signature_is_valid ((repeat ("a", 32) + "y").c_str ()));
  EXPECT_FALSE (quilt_dbus_signature_is_valid ((repeat ("a", 33) + "y").c_str ()));
  EXPECT_TRUE (
      quilt_dbus_signature_is_valid ((repeat ("(", 32) + "y" + repeat (")", 32)).c_str ()));
  EXPECT_FALSE (
      quilt_dbus_signature_is_valid ((repeat ("(", 33) + "y" + repeat (")", 33)).c_str ()));
  EXPECT_TRUE (quilt_dbus_type_is_single ("a{sv}"));
  EXPECT_FALSE (quilt_dbus_type_is_single ("ii"));
  EXPECT_FALSE (quilt_dbus_type_is_single (""));
}
