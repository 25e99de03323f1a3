/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encoding of messages as bytes, in versions 2 and 1. */
#include "proto/wire.h"

#include <errno.h>
#include <string.h>

/* Every version begins with four bytes that hold the version. */
typedef struct {
  guint32 version;
  guint32 size; /* of the whole message */
  guint32 type;
  guint32 request;
  guint32 session;
  guint32 n_fds;
} Header;

typedef struct {
  guint16 tag;
  guint16 size; /* size of the value, which follows without padding */
} Field;

/* A tag never changes its meaning. */
enum {
  TAG_TEXT = 10,
  TAG_BODY = 11,
  TAG_BODY_FILE = 12, /* 8 bytes: the size of the memory file */
};

/* In ascending order of their tags. Numbers that are 0 are left out. */
static const struct {
  guint16 tag;
  guint16 offset;
  guint16 size;
} numbers[] = {
#define NUMBER(tag, field)                                                                         \
  {                                                                                                \
    tag, G_STRUCT_OFFSET (QuiltMessage, field), sizeof (((QuiltMessage *)NULL)->field)             \
  }
    NUMBER (1, code),  NUMBER (2, signal),   NUMBER (3, exit_code), NUMBER (4, pid),
    NUMBER (5, step),  NUMBER (6, flags),    NUMBER (7, time_usec), NUMBER (8, done),
    NUMBER (9, total), NUMBER (13, columns), NUMBER (14, rows),     NUMBER (15, lines),
#undef NUMBER
};

#define NUMBER_SIZE_MAX sizeof (guint64)

G_STATIC_ASSERT (sizeof (Header) + G_N_ELEMENTS (numbers) * (sizeof (Field) + NUMBER_SIZE_MAX) +
                     sizeof (Field) + QUILT_MESSAGE_TEXT_MAX + sizeof (Field) +
                     QUILT_WIRE_BODY_MAX <=
                 QUILT_WIRE_SIZE_MAX);

/* A message of version 1: this struct, cut after the end of the text. */
typedef struct {
  guint32 version;
  guint32 type;
  gint32 code;
  gint32 signal;
  gint32 exit_code;
  gint32 pid;
  guint32 step;
  guint32 flags;
  guint64 time_usec;
  guint64 done;
  guint64 total;
  char text[1536];
} Version1;

#define VERSION1_HEADER_SIZE offsetof (Version1, text)

G_STATIC_ASSERT (VERSION1_HEADER_SIZE == 56);
G_STATIC_ASSERT (sizeof ((Version1 *)NULL)->text == QUILT_MESSAGE_TEXT_MAX);

static gsize
encode_version1 (const QuiltMessage *message, guint8 *ret_bytes)
{
  const Version1 fixed = {
      .version = QUILT_MESSAGE_VERSION_1,
      .type = message->type,
      .code = message->code,
      .signal = message->signal,
      .exit_code = message->exit_code,
      .pid = message->pid,
      .step = message->step,
      .flags = message->flags,
      .time_usec = message->time_usec,
      .done = message->done,
      .total = message->total,
  };
  const gsize length = strnlen (message->text, sizeof message->text - 1);

  memcpy (ret_bytes, &fixed, VERSION1_HEADER_SIZE);
  memcpy (ret_bytes + VERSION1_HEADER_SIZE, message->text, length);
  ret_bytes[VERSION1_HEADER_SIZE + length] = '\0';
  return VERSION1_HEADER_SIZE + length + 1;
}

static gboolean
take_text (QuiltMessage *message, const void *text, gsize length)
{
  if (length >= sizeof message->text || !g_utf8_validate (text, (gssize)length, NULL))
    return FALSE;
  memcpy (message->text, text, length);
  message->text[length] = '\0';
  return TRUE;
}

static gboolean
decode_version1 (const guint8 *bytes, gsize size, QuiltMessage *message)
{
  Version1 fixed = {0};

  if (size <= VERSION1_HEADER_SIZE || size > sizeof fixed)
    return FALSE;
  memcpy (&fixed, bytes, size);
  if (!memchr (fixed.text, '\0', size - VERSION1_HEADER_SIZE))
    return FALSE;
  message->type = fixed.type;
  message->code = fixed.code;
  message->signal = fixed.signal;
  message->exit_code = fixed.exit_code;
  message->pid = fixed.pid;
  message->step = fixed.step;
  message->flags = fixed.flags;
  message->time_usec = fixed.time_usec;
  message->done = fixed.done;
  message->total = fixed.total;
  return take_text (message, fixed.text, strlen (fixed.text));
}

static guint8 *
put (guint8 *at, guint16 tag, const void *value, gsize size)
{
  const Field field = {tag, (guint16)size};

  memcpy (at, &field, sizeof field);
  memcpy (at + sizeof field, value, size);
  return at + sizeof field + size;
}

static guint8 *
put_number (guint8 *at, guint16 tag, const void *value, gsize size)
{
  static const guint8 zero[NUMBER_SIZE_MAX];

  return memcmp (value, zero, size) == 0 ? at : put (at, tag, value, size);
}

/* Puts the numbers whose tags are above `after` and below `before`. */
static guint8 *
put_numbers (guint8 *at, const QuiltMessage *message, guint16 after, guint16 before)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i].tag > after && numbers[i].tag < before)
      at = put_number (at, numbers[i].tag, (const guint8 *)message + numbers[i].offset,
                       numbers[i].size);
  return at;
}

static gsize
encode_version2 (const QuiltMessage *message, const QuiltWire *wire, guint8 *ret_bytes)
{
  const gsize length = strnlen (message->text, sizeof message->text - 1);
  const guint64 file_size = wire->body_size;
  guint8 *at = ret_bytes + sizeof (Header);
  Header header;

  at = put_numbers (at, message, 0, TAG_TEXT);
  if (length > 0)
    at = put (at, TAG_TEXT, message->text, length);
  if (wire->body)
    at = put (at, TAG_BODY, wire->body, wire->body_size);
  else if (wire->body_is_file)
    at = put (at, TAG_BODY_FILE, &file_size, sizeof file_size);
  at = put_numbers (at, message, TAG_BODY_FILE, G_MAXUINT16);
  header = (Header){.version = QUILT_MESSAGE_VERSION,
                    .size = (guint32)(at - ret_bytes),
                    .type = message->type,
                    .request = message->request,
                    .session = message->session,
                    .n_fds = wire->n_fds};
  memcpy (ret_bytes, &header, sizeof header);
  return header.size;
}

static gboolean
take_body_file (QuiltWire *wire, const guint8 *value, gsize size)
{
  guint64 file_size;

  if (size != sizeof file_size || wire->body || wire->n_fds == 0)
    return FALSE;
  memcpy (&file_size, value, sizeof file_size);
  if (file_size > QUILT_MESSAGE_BODY_MAX)
    return FALSE;
  wire->body_is_file = TRUE;
  wire->body_size = (gsize)file_size;
  return TRUE;
}

static gboolean
take_field (QuiltMessage *message, QuiltWire *wire, guint16 tag, const guint8 *value, guint16 size)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    if (numbers[i].tag != tag)
      continue;
    if (numbers[i].size != size)
      return FALSE;
    memcpy ((guint8 *)message + numbers[i].offset, value, size);
    return TRUE;
  }
  switch (tag) {
  case TAG_TEXT:
    return take_text (message, value, size);
  case TAG_BODY:
    wire->body = value;
    wire->body_size = size;
    return size <= QUILT_WIRE_BODY_MAX;
  case TAG_BODY_FILE:
    return take_body_file (wire, value, size);
  default:
    return TRUE; /* a field of a later Quilt */
  }
}

/* Tags must ascend, so no field can appear twice. */
static gboolean
decode_version2 (const guint8 *bytes, gsize size, QuiltMessage *message, QuiltWire *wire)
{
  Header header;
  guint32 last_tag = 0;
  Field field;

  if (size < sizeof header)
    return FALSE;
  memcpy (&header, bytes, sizeof header);
  if (header.size != size)
    return FALSE;
  message->type = header.type;
  message->request = header.request;
  message->session = header.session;
  wire->n_fds = header.n_fds;
  for (gsize at = sizeof header; at < size; at += field.size) {
    if (size - at < sizeof field)
      return FALSE;
    memcpy (&field, bytes + at, sizeof field);
    at += sizeof field;
    if (field.tag <= last_tag || field.size > size - at ||
        !take_field (message, wire, field.tag, bytes + at, field.size))
      return FALSE;
    last_tag = field.tag;
  }
  return TRUE;
}

gsize
quilt_wire_encode (const QuiltMessage *message,
                   const QuiltWire *wire,
                   guint8 ret_bytes[QUILT_WIRE_SIZE_MAX])
{
  if (message->version == QUILT_MESSAGE_VERSION_1)
    return encode_version1 (message, ret_bytes);
  return encode_version2 (message, wire, ret_bytes);
}

gboolean
quilt_wire_decode (const guint8 *bytes, gsize size, QuiltMessage *ret_message, QuiltWire *ret_wire)
{
  QuiltMessage message = {0};
  QuiltWire wire = {0};
  gboolean ok = FALSE;

  errno = EBADMSG;
  if (size < sizeof message.version || size > QUILT_WIRE_SIZE_MAX)
    return FALSE;
  memcpy (&message.version, bytes, sizeof message.version);
  if (message.version == QUILT_MESSAGE_VERSION_1)
    ok = decode_version1 (bytes, size, &message);
  else if (message.version == QUILT_MESSAGE_VERSION)
    ok = decode_version2 (bytes, size, &message, &wire);
  else
    errno = EPROTONOSUPPORT;
  if (!ok)
    return FALSE;
  *ret_message = message;
  *ret_wire = wire;
  return TRUE;
}
