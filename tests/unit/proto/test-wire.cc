/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as bytes: what later versions may add, what is refused, and what version 1 wrote. */
#include <glib-unix.h>
#include <gtest/gtest.h>

extern "C" {
#include "base/fd.h"
#include "proto/message.h"
#include "proto/wire.h"
}

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

using Bytes = std::string;

static Bytes
u16 (guint16 number)
{
  return Bytes ((const char *)&number, sizeof number);
}

static Bytes
u32 (guint32 number)
{
  return Bytes ((const char *)&number, sizeof number);
}

static Bytes
u64 (guint64 number)
{
  return Bytes ((const char *)&number, sizeof number);
}

static Bytes
field (guint16 tag, const Bytes &value)
{
  return u16 (tag) + u16 ((guint16)value.size ()) + value;
}

/* EXITED, request 7, session 3, and as many descriptors. */
static Bytes
version2 (const Bytes &fields, guint32 n_fds = 0)
{
  return u32 (2) + u32 ((guint32)(24 + fields.size ())) + u32 (20) + u32 (7) + u32 (3) +
         u32 (n_fds) + fields;
}

static Bytes
version1 (const Bytes &text)
{
  Bytes numbers (56, '\0');

  numbers[0] = 1;
  numbers[4] = 20;
  return numbers + text;
}

static gboolean
decode (const Bytes &bytes, QuiltMessage *ret_message, QuiltWire *ret_wire)
{
  g_autofree guint8 *exact = (guint8 *)g_memdup2 (bytes.data (), bytes.size ());
  QuiltWire wire;

  if (!quilt_wire_decode (exact, bytes.size (), ret_message, &wire))
    return FALSE;
  /* The body is borrowed from the bytes, and these are the ones that stay. */
  if (wire.body)
    wire.body = bytes.data () + ((const guint8 *)wire.body - exact);
  if (ret_wire)
    *ret_wire = wire;
  return TRUE;
}

static Bytes
encode (const QuiltMessage *message, const QuiltWire *wire)
{
  guint8 bytes[QUILT_WIRE_SIZE_MAX];

  return Bytes ((const char *)bytes, quilt_wire_encode (message, wire, bytes));
}

TEST (Wire, AMessageIsItsHeaderAndTheFieldsThatAreNotZero)
{
  const QuiltWire wire = {};
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_EXITED);
  message.request = 7;
  message.session = 3;
  EXPECT_EQ (encode (&message, &wire), version2 (""));
  message.signal = -1;
  message.time_usec = 5;
  quilt_message_set_text (&message, "text");
  EXPECT_EQ (encode (&message, &wire),
             version2 (field (2, u32 (G_MAXUINT32)) + field (7, u64 (5)) + field (10, "text")));
}

TEST (Wire, EachFieldHasItsTagForEver)
{
  const Bytes bytes = version2 (
      field (1, u32 (11)) + field (2, u32 (12)) + field (3, u32 (13)) + field (4, u32 (14)) +
          field (5, u32 (15)) + field (6, u32 (16)) + field (7, u64 (17)) + field (8, u64 (18)) +
          field (9, u64 (19)) + field (10, "text") + field (11, Bytes ("a\0b", 3)) +
          field (13, u32 (20)) + field (14, u32 (21)) + field (15, u32 (22)),
      4);
  QuiltMessage message;
  QuiltWire wire;

  ASSERT_TRUE (decode (bytes, &message, &wire));
  EXPECT_EQ (message.version, 2u);
  EXPECT_EQ (message.type, (guint32)QUILT_MESSAGE_EXITED);
  EXPECT_EQ (message.request, 7u);
  EXPECT_EQ (message.session, 3u);
  EXPECT_EQ (message.code, 11);
  EXPECT_EQ (message.signal, 12);
  EXPECT_EQ (message.exit_code, 13);
  EXPECT_EQ (message.pid, 14);
  EXPECT_EQ (message.step, 15u);
  EXPECT_EQ (message.flags, 16u);
  EXPECT_EQ (message.time_usec, 17u);
  EXPECT_EQ (message.done, 18u);
  EXPECT_EQ (message.total, 19u);
  EXPECT_EQ (message.columns, 20u);
  EXPECT_EQ (message.rows, 21u);
  EXPECT_EQ (message.lines, 22u);
  EXPECT_STREQ (message.text, "text");
  EXPECT_EQ (wire.n_fds, 4u);
  EXPECT_EQ (Bytes ((const char *)wire.body, wire.body_size), Bytes ("a\0b", 3));
}

TEST (Wire, ALargeMessageFits)
{
  const Bytes body (QUILT_WIRE_BODY_MAX, 'b');
  const QuiltWire wire = {253, body.data (), body.size (), FALSE};
  QuiltMessage message, got;
  QuiltWire got_wire;

  memset (&message, 0xff, sizeof message);
  message.version = 2;
  quilt_message_set_text (&message, Bytes (QUILT_MESSAGE_TEXT_MAX, 'x').c_str ());
  ASSERT_TRUE (decode (encode (&message, &wire), &got, &got_wire));
  EXPECT_STREQ (got.text, message.text);
  EXPECT_EQ (got.total, G_MAXUINT64);
  EXPECT_EQ (got_wire.body_size, body.size ());
}

TEST (Wire, SkipsFieldsOfALaterVersion)
{
  const Bytes cases[] = {version2 (field (3, u32 (42)) + field (16, "")),
                         version2 (field (3, u32 (42)) + field (500, Bytes (3000, '\xff'))),
                         version2 (field (3, u32 (42)) + field (G_MAXUINT16, u64 (1)))};

  for (const Bytes &bytes : cases) {
    QuiltMessage got;

    ASSERT_TRUE (decode (bytes, &got, nullptr));
    EXPECT_EQ (got.exit_code, 42);
  }
}

TEST (Wire, NonsenseIsRefused)
{
  const Bytes number = field (3, u32 (42));
  const struct {
    const char *what;
    Bytes bytes;
    int problem;
  } cases[] = {
      {"empty", "", EBADMSG},
      {"three bytes", "\2", EBADMSG},
      {"no version", u32 (0) + version2 ("").substr (4), EPROTONOSUPPORT},
      {"version", u32 (3) + version2 ("").substr (4), EPROTONOSUPPORT},
      {"half a header", version2 ("").substr (0, 23), EBADMSG},
      {"longer than it says", version2 ("") + "x", EBADMSG},
      {"shorter than it says", version2 (number).substr (0, 30), EBADMSG},
      {"too long", version2 (field (500, Bytes (QUILT_WIRE_SIZE_MAX - 27, 'x'))), EBADMSG},
      {"half a field", version2 ("xyz"), EBADMSG},
      {"a field that is cut", version2 (u16 (3) + u16 (4) + "x"), EBADMSG},
      {"a number of another size", version2 (field (3, u64 (42))), EBADMSG},
      {"twice", version2 (number + number), EBADMSG},
      {"not in order", version2 (field (4, u32 (1)) + number), EBADMSG},
      {"tag 0", version2 (field (0, "x")), EBADMSG},
      {"text with a NUL", version2 (field (10, Bytes ("a\0b", 3))), EBADMSG},
      {"text that is not UTF-8", version2 (field (10, "\xff")), EBADMSG},
      {"text that is too long", version2 (field (10, Bytes (1536, 'x'))), EBADMSG},
      {"body that is too long", version2 (field (11, Bytes (4097, 'x'))), EBADMSG},
      {"two bodies", version2 (field (11, "x") + field (12, u64 (5)), 1), EBADMSG},
      {"body without its descriptor", version2 (field (12, u64 (5))), EBADMSG},
      {"file that is too large", version2 (field (12, u64 (4 * 1024 * 1024 + 1)), 1), EBADMSG},
      {"1: short", version1 (""), EBADMSG},
      {"1: one byte", u32 (1).substr (0, 1), EBADMSG},
      {"1: too long", version1 (Bytes (1537, '\0')), EBADMSG},
      {"1: text without an end", version1 ("text"), EBADMSG},
      {"1: text that is too long", version1 (Bytes (1536, 'x')), EBADMSG},
      {"1: text that is not UTF-8", version1 (Bytes ("\xff\0", 2)), EBADMSG},
  };

  for (const auto &c : cases) {
    QuiltMessage message, untouched;
    QuiltWire wire = {77, nullptr, 77, FALSE};

    memset (&message, 'u', sizeof message);
    memset (&untouched, 'u', sizeof untouched);
    errno = 0;
    EXPECT_FALSE (decode (c.bytes, &message, &wire)) << c.what;
    EXPECT_EQ (errno, c.problem) << c.what;
    EXPECT_EQ (memcmp (&message, &untouched, sizeof message), 0) << c.what;
    EXPECT_EQ (wire.n_fds, 77u) << c.what;
  }
}

/* The messages of a recorded file, each in hex after "> " or "< ". */
static std::vector<Bytes>
recorded (const char *path)
{
  std::vector<Bytes> messages;
  std::ifstream file (path);
  std::string line;

  while (std::getline (file, line)) {
    if (line[0] == '#')
      continue;
    messages.emplace_back ();
    for (size_t i = 2; i + 1 < line.size (); i += 2)
      messages.back () += (char)std::stoi (line.substr (i, 2), nullptr, 16);
  }
  return messages;
}

TEST (Wire, WhatVersion1SaidIsReadAndWrittenAsItWas)
{
  const std::vector<guint32> types = {
      QUILT_MESSAGE_BEGIN, QUILT_MESSAGE_READY,   QUILT_MESSAGE_GO,
      QUILT_MESSAGE_STEP,  QUILT_MESSAGE_RUNNING, QUILT_MESSAGE_RUNNING,
      QUILT_MESSAGE_STOP,  QUILT_MESSAGE_EXITED,  QUILT_MESSAGE_BYE};
  const std::vector<Bytes> life = recorded (WIRE_V1 "/life");
  const QuiltWire none = {};

  ASSERT_EQ (life.size (), types.size ());
  for (size_t i = 0; i < life.size (); i++) {
    QuiltMessage message;

    ASSERT_TRUE (decode (life[i], &message, nullptr)) << i;
    EXPECT_EQ (message.version, 1u);
    EXPECT_EQ (message.type, types[i]);
    EXPECT_EQ (message.request, 0u);
    EXPECT_EQ (encode (&message, &none), life[i]) << i;
    message.version = 2;
    ASSERT_TRUE (decode (encode (&message, &none), &message, nullptr)) << i;
    message.version = 1;
    EXPECT_EQ (encode (&message, &none), life[i]) << i;
  }
}

TEST (Wire, AnEndThatVersion1WroteIsRead)
{
  g_autofd int dir = open (WIRE_V1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  QuiltMessage end;

  ASSERT_TRUE (quilt_message_load_end (dir, "exit", &end, nullptr));
  EXPECT_EQ (end.type, (guint32)QUILT_MESSAGE_EXITED);
  EXPECT_EQ (end.exit_code, 3);
  EXPECT_EQ (end.flags, (guint32)QUILT_MESSAGE_FLAG_STOPPING);
  EXPECT_EQ (end.time_usec, G_GUINT64_CONSTANT (1796011927471152));
  EXPECT_STREQ (end.text, "stopped");
}
