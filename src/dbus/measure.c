/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the marshalled bytes of a D-Bus message, only as far as lengths and counts need it. */
#include "dbus/measure.h"

#include "dbus/signature.h"

#include <string.h>

/* Offset in the fixed start of a message. */
#define FIELDS_LENGTH 12

#define FIELD_SIGNATURE 8
#define FIELD_UNIX_FDS 9

/* Nesting limit for arrays, structures and variants. In some cases the bus allows more.
 * FIELD_DEPTH_MAX is for a header field, which is nested three levels
 * deep itself. */
#define DEPTH_MAX 64
#define FIELD_DEPTH_MAX (DEPTH_MAX - 3)

/* So many bytes of an array's element type cost as much as a value. */
#define TYPE_BYTES 16

/* The most values that one byte of a message can be: structures in each other, around a byte. */
#define VALUES_PER_BYTE 64

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

/* The element type of an array is looked at for each array, however short that is. So a long type
 * counts as some values more. */
static gboolean
charge_type (Reader *self, gsize length)
{
  const guint cost = (guint)(length / TYPE_BYTES);

  if (cost > self->values)
    return FALSE;
  self->values -= cost;
  return TRUE;
}

/* *signature is behind the 'a'. The element type of an empty array counts as if the array had an
 * element, as in GDBus; the bus counts less. */
static gboolean
skip_array (Reader *self, const char **signature, guint depth)
{
  const char *element = *signature, *inner = element;
  guint32 length;
  gsize end;

  *signature = quilt_dbus_type_end (element - 1);
  if (!*signature || !charge_type (self, (gsize)(*signature - element)) ||
      !read_length (self, &length) || !skip_bytes (self, quilt_dbus_type_alignment (*element), 0) ||
      length > self->end - self->at)
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
  if (size < QUILT_DBUS_START)
    return FALSE;
  *self = (Reader){.bytes = message, .at = QUILT_DBUS_START, .little = message[0] == 'l'};
  self->end = QUILT_DBUS_START + (gsize)read_number (message + FIELDS_LENGTH, self->little);
  self->values = values;
  return self->end <= size;
}

gboolean
quilt_dbus_message_has_at_most (const guint8 *message, gsize size, guint values)
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

/* The limit bounds the search through an array of empty structures, which D-Bus forbids. */
gsize
quilt_dbus_skip_value (const guint8 *bytes, gsize at, gsize end, gboolean little, const char *type)
{
  Reader reader = {.bytes = bytes,
                   .at = at,
                   .end = end,
                   .little = little,
                   .values = (guint)MIN ((end - at + 1) * VALUES_PER_BYTE, G_MAXUINT)};

  return skip_value (&reader, &type, FIELD_DEPTH_MAX) ? reader.at : 0;
}
