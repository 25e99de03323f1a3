/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams in parts, whose bytes come in pieces. */
#include "check.h"
#include "fixture.h"

extern "C" {
#include "transfer/decoder.h"
}

namespace
{

struct Decoded {
  bool ok;
  bool complete;
  std::string plain;
  std::string text; /* of the error */
  guint64 used;
};

/* Feeds pieces of `piece` bytes and reads into buffers of `room` bytes. */
Decoded
decode (const QuiltDecoder *decoder, const std::string &bytes, size_t piece, size_t room)
{
  gpointer self = decoder->create ();
  std::string buffer (room, '\0');
  std::string fed;
  const char *text = nullptr;
  size_t at = 0;
  Decoded result = {};
  gssize n = 0;

  while (n >= 0 && !decoder->is_over (self)) {
    if (decoder->wants_input (self)) {
      if (at == bytes.size ())
        break;
      /* The place of the earlier piece is used again. */
      fed.assign (bytes, at, piece);
      at += fed.size ();
      decoder->feed (self, (const guint8 *)fed.data (), fed.size ());
    }
    n = decoder->read (self, (guint8 *)buffer.data (), room, &text);
    if (n > 0)
      result.plain.append (buffer, 0, (size_t)n);
  }
  result.ok = n >= 0;
  result.text = text ? text : "";
  result.complete = result.ok && decoder->is_complete (self);
  result.used = result.complete ? decoder->get_used (self) : 0;
  decoder->destroy (self);
  return result;
}

std::string
sample ()
{
  std::string text;

  for (int i = 0; i < 3000; i++)
    text += "line " + std::to_string (i * 7919 % 3001) + "\n";
  return text;
}

std::string
gzip (const std::string &bytes)
{
  return compress (bytes, archive_write_add_filter_gzip);
}

const size_t header_length = 10;

/* With all optional fields in the header. */
std::string
with_fields (const std::string &member, guint8 header_crc)
{
  std::string header = member.substr (0, header_length);

  header[3] = 0x1e;
  header += std::string ("\3\0abc", 5) + std::string ("name\0", 5) + std::string ("comment\0", 8);
  guint32 crc = ~0U;
  for (unsigned char c : header) {
    crc ^= c;
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  crc = ~crc;
  header += (char)(crc & 0xff);
  header += (char)((crc >> 8 & 0xff) ^ header_crc);
  return header + member.substr (header_length);
}

class Gunzip : public testing::Test
{
protected:
  const QuiltDecoder *decoder = quilt_decoder_gzip ();

  void SetUp () override
  {
    if (!decoder)
      GTEST_SKIP () << "built without ISA-L";
  }
};

} // namespace

TEST_F (Gunzip, TakesMembersInPieces)
{
  const std::string text = sample ();
  const std::string stream = gzip (text) + gzip ("") + with_fields (gzip ("two"), 0) + gzip (text);

  for (size_t piece : {1, 2, 3, 5, 7, 8, 11, 64, 1000, 1 << 20})
    for (size_t room : {1, 7, 4096, 1 << 20}) {
      Decoded result = decode (decoder, stream, piece, room);

      ASSERT_TRUE (result.complete) << piece << " " << room << " " << result.text;
      ASSERT_EQ (result.plain, text + "two" + text) << piece << " " << room;
      ASSERT_EQ (result.used, stream.size ());
    }
}

TEST_F (Gunzip, StopsBehindTheLastMember)
{
  const std::string member = gzip ("text");

  for (const char *rest : {"x", "garbage and more", "\x1f", "\x1f\x8b", "\x1f\x8b\x08",
                           "\x1f\x8b\x08\x20 and more", "\x1f\x8b\x07\x01"})
    for (size_t piece : {1, 5, 100}) {
      Decoded result = decode (decoder, member + member + rest, piece, 100);

      EXPECT_TRUE (result.complete) << rest;
      EXPECT_EQ (result.plain, "texttext");
      EXPECT_EQ (result.used, 2 * member.size ());
    }
}

TEST_F (Gunzip, NoticesEachCut)
{
  const std::string stream = gzip ("one") + with_fields (gzip ("two"), 0);
  const size_t first = gzip ("one").size ();

  for (size_t length = 4; length < stream.size (); length++) {
    Decoded result = decode (decoder, stream.substr (0, length), 3, 100);

    /* Fewer bytes than a decoder is chosen by can't be told from other data. */
    EXPECT_EQ (result.complete, length >= first && length < first + QUILT_DECODER_START) << length;
    EXPECT_TRUE (result.ok);
  }
}

/* A wrong byte anywhere in the data or the trailer does not pass, but for bits that pad the data.
 */
TEST_F (Gunzip, NoticesEachWrongByte)
{
  const std::string member = gzip (sample ().substr (0, 600));

  for (size_t at = header_length; at < member.size (); at++) {
    std::string broken = member;

    if (at == member.size () - 9)
      continue;
    broken[at] = (char)(broken[at] ^ 0x10);
    Decoded result = decode (decoder, broken, 1 << 20, 1 << 20);
    EXPECT_FALSE (result.complete) << at;
    EXPECT_EQ (result.ok, result.text.empty ());
  }
  std::string broken = member;
  broken[broken.size () - 5] ^= 1;
  EXPECT_NE (decode (decoder, broken, 100, 100).text.find ("checksum"), std::string::npos);
  EXPECT_FALSE (decode (decoder, with_fields (member, 1), 100, 100).complete);
}

TEST_F (Gunzip, LooksBackIntoNoOtherMember)
{
  /* A block of fixed codes: copy from 4 bytes back, where there is nothing of this member. */
  const std::string member = gzip ("text");
  const std::string evil =
      member.substr (0, header_length) + std::string ("\3\6\0\0\0\0\0\0\0\0\0", 11);
  Decoded result = decode (decoder, member + evil, 100, 100);

  EXPECT_FALSE (result.complete);
}

/* Ten bytes that give gigabytes stay a stream. */
TEST_F (Gunzip, GivesNoMoreThanThereIsRoomFor)
{
  const std::string bomb = gzip (std::string (8 << 20, '\0'));
  Decoded result = decode (decoder, bomb, 1 << 20, 1000);

  EXPECT_TRUE (result.complete);
  EXPECT_EQ (result.plain.size (), size_t{8} << 20);
}

TEST (Zstd, TakesFramesInPieces)
{
  const std::string text = sample ();
  const std::string stream = compress (text, archive_write_add_filter_zstd) +
                             compress ("two", archive_write_add_filter_zstd);

  for (size_t piece : {1, 7, 1000, 1 << 20}) {
    Decoded result = decode (&quilt_decoder_zstd, stream, piece, 4096);

    ASSERT_TRUE (result.complete) << piece << " " << result.text;
    ASSERT_EQ (result.plain, text + "two");
    ASSERT_EQ (result.used, stream.size ());
  }
}
