/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the marshalled bytes of a D-Bus message, only as far as lengths and counts need it. */
#include "daemon/relay/message.h"

#include "dbus/signature.h"

#include <string.h>

/* Offsets in the fixed start of a message. */
#define TYPE 1
#define FLAGS 2
#define VERSION 3
#define BODY_LENGTH 4
#define SERIAL 8
#define FIELDS_LENGTH 12

#define FIELD_MEMBER 3
#define FIELD_SENDER 7
#define FIELD_TEXT 8 /* from the beginning of the field: after code, signature and length */
#define FIELD_SIGNATURE 8
#define FIELD_UNIX_FDS 9

#define MESSAGE_MAX (128 << 20)
#define ARRAY_MAX (64 << 20)

/* Nesting limit for arrays, structures and variants. In some cases the bus allows more, but then
 * GDBus closes the connection. FIELD_DEPTH_MAX is for a header field, which is nested three levels
 * deep itself. */
#define DEPTH_MAX 64
#define FIELD_DEPTH_MAX (DEPTH_MAX - 3)

/* A cursor over bytes. */
typedef struct {
  const guint8 *bytes;
  gsize at, end;
  gboolean little;
  guint values; /* number of values that may still come */
} Reader;

static gsize
align (gsize at, gsize to)
{
  return (at + to - 1) / to * to;
}

static guint32
read_number (const guint8 *bytes, gboolean little)
{
  guint32 number;

  memcpy (&number, bytes, sizeof number);
  return little ? GUINT32_FROM_LE (number) : GUINT32_FROM_BE (number);
}

static void
write_number (guint8 *bytes, guint32 number, gboolean little)
{
  number = little ? GUINT32_TO_LE (number) : GUINT32_TO_BE (number);
  memcpy (bytes, &number, sizeof number);
}

gboolean
quilt_bus_message_measure (const guint8 start[QUILT_BUS_START], QuiltBusMessage *ret_message)
{
  gboolean little = start[0] == 'l';
  gsize fields, body;

  if ((!little && start[0] != 'B') || start[VERSION] != 1)
    return FALSE;
  fields = read_number (start + FIELDS_LENGTH, little);
  body = read_number (start + BODY_LENGTH, little);
  if (fields > ARRAY_MAX || body > MESSAGE_MAX)
    return FALSE;
  ret_message->type = start[TYPE];
  ret_message->serial = read_number (start + SERIAL, little);
  ret_message->head = align (QUILT_BUS_START + fields, 8);
  ret_message->size = ret_message->head + body;
  return ret_message->size <= MESSAGE_MAX;
}

static gboolean
skip_bytes (Reader *self, gsize to, gsize n)
{
  self->at = align (self->at, to);
  if (self->at > self->end || n > self->end - self->at)
    return FALSE;
  self->at += n;
  return TRUE;
}

/* Reads the length before a string or an array. */
static gboolean
read_length (Reader *self, guint32 *ret_length)
{
  if (!skip_bytes (self, 4, sizeof *ret_length))
    return FALSE;
  *ret_length = read_number (self->bytes + self->at - sizeof *ret_length, self->little);
  return TRUE;
}

/* Reads a signature with its NUL, without copying it. */
static const char *
read_signature (Reader *self)
{
  gsize length;

  if (!skip_bytes (self, 1, 1))
    return NULL;
  length = self->bytes[self->at - 1];
  if (!skip_bytes (self, 1, length + 1) || self->bytes[self->at - 1] != '\0')
    return NULL;
  return (const char *)self->bytes + self->at - length - 1;
}

static gboolean skip_value (Reader *self, const char **signature, guint depth);

static gboolean
skip_values (Reader *self, const char *signature, guint depth)
{
  while (*signature != '\0')
    if (!skip_value (self, &signature, depth))
      return FALSE;
  return TRUE;
}

/* Whether the valid type at *type is nested at most depth deep. Advances *type behind it. */
static gboolean
is_type_within (const char **type, guint depth)
{
  const char first = *(*type)++;

  if (depth == 0)
    return FALSE;
  if (first == 'a')
    return is_type_within (type, depth - 1);
  if (first != '(' && first != '{')
    return TRUE;
  while (**type != ')' && **type != '}')
    if (!is_type_within (type, depth - 1))
      return FALSE;
  (*type)++;
  return TRUE;
}

/* *signature is behind the 'a'. GDBus checks the element type of an empty array as if it had an
 * element; the bus does not. */
static gboolean
skip_array (Reader *self, const char **signature, guint depth)
{
  const char *element = *signature, *inner = element;
  guint32 length;
  gsize end;

  *signature = quilt_dbus_type_end (element - 1);
  if (!*signature || !read_length (self, &length) ||
      !skip_bytes (self, quilt_dbus_type_alignment (*element), 0) || length > self->end - self->at)
    return FALSE;
  if (length == 0 && !is_type_within (&inner, depth))
    return FALSE;
  end = self->at + length;
  if (*element == 'y') /* bytes are copied at once */
    self->at = end;
  while (self->at < end) {
    const char *type = element;

    if (!skip_value (self, &type, depth))
      return FALSE;
  }
  return self->at == end;
}

/* Skips the members of a structure or an entry, up to its closing character. */
static gboolean
skip_members (Reader *self, const char **signature, guint depth)
{
  if (!skip_bytes (self, 8, 0))
    return FALSE;
  while (**signature != ')' && **signature != '}')
    if (!skip_value (self, signature, depth))
      return FALSE;
  (*signature)++;
  return TRUE;
}

/* Skips one value of the first type of *signature. Advances *signature behind it. */
static gboolean
skip_value (Reader *self, const char **signature, guint depth)
{
  const char type = **signature;
  const char *inner;
  guint32 length;

  if (self->values == 0 || depth == 0 || type == '\0')
    return FALSE;
  self->values--;
  (*signature)++;
  switch (type) {
  case 's':
  case 'o':
    return read_length (self, &length) && skip_bytes (self, 1, (gsize)length + 1);
  case 'g':
    return read_signature (self) != NULL;
  case 'v':
    inner = read_signature (self);
    return inner && skip_values (self, inner, depth - 1);
  case 'a':
    return skip_array (self, signature, depth - 1);
  case '(':
  case '{':
    return skip_members (self, signature, depth - 1);
  case ')':
  case '}':
    return FALSE;
  default:
    return skip_bytes (self, quilt_dbus_type_alignment (type), quilt_dbus_type_alignment (type));
  }
}

/* Skips a header field: code, type as a signature, value. A field that D-Bus does not know may have
 * any type. ret_signature is set if the field is the signature of the body. */
static gboolean
skip_field (Reader *self, guint8 *ret_code, const char **ret_signature)
{
  const char *type;

  if (!skip_bytes (self, 8, 1))
    return FALSE;
  *ret_code = self->bytes[self->at - 1];
  type = read_signature (self);
  if (!type)
    return FALSE;
  if (*ret_code == FIELD_SIGNATURE && g_str_equal (type, "g"))
    *ret_signature = (const char *)self->bytes + self->at + 1;
  if (*ret_code <= FIELD_UNIX_FDS)
    self->values++; /* each known field appears once and is not counted */
  return skip_value (self, &type, FIELD_DEPTH_MAX) && *type == '\0';
}

/* Reads the header fields of a message of size bytes. */
static gboolean
read_fields (Reader *self, const guint8 *message, gsize size, guint values)
{
  if (size < QUILT_BUS_START)
    return FALSE;
  *self = (Reader){.bytes = message, .at = QUILT_BUS_START, .little = message[0] == 'l'};
  self->end = QUILT_BUS_START + (gsize)read_number (message + FIELDS_LENGTH, self->little);
  self->values = values;
  return self->end <= size;
}

gboolean
quilt_bus_message_has_at_most (const guint8 *message, gsize size, guint values)
{
  const char *signature = "";
  Reader reader;
  guint8 code;

  if (!read_fields (&reader, message, size, values))
    return FALSE;
  while (reader.at < reader.end)
    if (!skip_field (&reader, &code, &signature))
      return FALSE;
  reader.end = size;
  reader.values = values;
  return skip_bytes (&reader, 8, 0) && skip_values (&reader, signature, DEPTH_MAX) &&
         reader.at == size;
}

/* A value takes at least a byte. The limit bounds the search through an array of empty structures,
 * which D-Bus forbids. */
static guint
values_within (gsize size)
{
  return (guint)MIN (size, G_MAXUINT);
}

/* Fields begin at multiples of 8, so a field that is moved by a multiple of 8 stays aligned. */
gboolean
quilt_bus_message_cut (guint8 *head, gsize *size, guint8 flag)
{
  const char *signature;
  gsize end = QUILT_BUS_START, place = QUILT_BUS_START;
  Reader reader;
  guint8 code;

  if (!read_fields (&reader, head, *size, values_within (*size)))
    return FALSE;
  while (reader.at < reader.end) {
    const gsize begin = align (reader.at, 8);

    if (!skip_field (&reader, &code, &signature))
      return FALSE;
    if (code >= FIELD_SIGNATURE)
      continue;
    memmove (head + place, head + begin, reader.at - begin);
    end = place + reader.at - begin;
    place = align (end, 8);
  }
  memset (head + end, 0, place - end);
  head[FLAGS] |= flag;
  write_number (head + BODY_LENGTH, 0, reader.little);
  write_number (head + FIELDS_LENGTH, (guint32)(end - QUILT_BUS_START), reader.little);
  *size = place;
  return TRUE;
}

static const char *
get_text_field (const guint8 *head, gsize size, guint8 wanted)
{
  const char *signature;
  Reader reader;
  guint8 code;

  if (!read_fields (&reader, head, size, values_within (size)))
    return NULL;
  while (reader.at < reader.end) {
    const gsize begin = align (reader.at, 8);

    if (!skip_field (&reader, &code, &signature))
      return NULL;
    if (code == wanted && g_str_equal (head + begin + 1, "\001s"))
      return (const char *)head + begin + FIELD_TEXT;
  }
  return NULL;
}

const char *
quilt_bus_message_get_sender (const guint8 *head, gsize size)
{
  return get_text_field (head, size, FIELD_SENDER);
}

static const char *
read_string (Reader *self)
{
  guint32 length;

  if (!read_length (self, &length) || !skip_bytes (self, 1, (gsize)length + 1) ||
      self->bytes[self->at - 1] != '\0')
    return NULL;
  return (const char *)self->bytes + self->at - length - 1;
}

const char *
quilt_bus_message_get_vanished (const guint8 *message, gsize size)
{
  const char *member = get_text_field (message, size, FIELD_MEMBER);
  const char *name, *old, *new;
  QuiltBusMessage lengths;
  Reader reader;

  if (g_strcmp0 (member, "NameOwnerChanged") != 0 ||
      !quilt_bus_message_measure (message, &lengths) || lengths.size != size)
    return NULL;
  reader = (Reader){.bytes = message, .at = lengths.head, .end = size, .little = message[0] == 'l'};
  name = read_string (&reader);
  old = name ? read_string (&reader) : NULL;
  new = old ? read_string (&reader) : NULL;
  return new &&*new == '\0' ? name : NULL;
}
