/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus messages as bytes. */
#include "dbus/message.h"

#include "dbus/signature.h"

#include <string.h>

#define VERSION 1
#define OUR_ORDER (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'l' : 'B')
#define OTHER_ORDER (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'B' : 'l')

/* Offsets in the fixed start of a message. */
#define BODY_LENGTH 4
#define SERIAL 8
#define FIELDS_LENGTH 12

#define MESSAGE_MAX (128 << 20)
#define ARRAY_MAX (64 << 20)

/* Nesting limit of arrays, structures and variants together. */
#define DEPTH_MAX 64

/* The header fields by their codes ("Header Fields"). */
static const struct {
  char type;
  gsize offset;
} fields[] = {
    [1] = {'o', offsetof (QuiltDbusMessage, path)},
    [2] = {'s', offsetof (QuiltDbusMessage, interface)},
    [3] = {'s', offsetof (QuiltDbusMessage, member)},
    [4] = {'s', offsetof (QuiltDbusMessage, error_name)},
    [5] = {'u', offsetof (QuiltDbusMessage, reply_serial)},
    [6] = {'s', offsetof (QuiltDbusMessage, destination)},
    [7] = {'s', offsetof (QuiltDbusMessage, sender)},
    [8] = {'g', offsetof (QuiltDbusMessage, signature)},
    [9] = {'u', offsetof (QuiltDbusMessage, n_fds)},
};

/* A cursor over bytes. It never passes end. */
typedef struct {
  const guint8 *bytes;
  gsize at, end;
  gboolean swap; /* the message has the other byte order */
  guint32 n_fds;
} Reader;

/* Takes the next n bytes that begin at a multiple of alignment. The padding before them must be
 * zero. */
static gboolean
take (Reader *self, gsize alignment, gsize n, const guint8 **ret_bytes)
{
  const gsize start = (self->at + alignment - 1) / alignment * alignment;

  if (start > self->end || n > self->end - start)
    return FALSE;
  for (; self->at < start; self->at++)
    if (self->bytes[self->at] != 0)
      return FALSE;
  self->at += n;
  *ret_bytes = self->bytes + start;
  return TRUE;
}

static guint32
number_at (const guint8 *bytes, gboolean swap)
{
  guint32 number;

  memcpy (&number, bytes, sizeof number);
  return swap ? GUINT32_SWAP_LE_BE (number) : number;
}

static gboolean
read_number (Reader *self, guint32 *ret_number)
{
  const guint8 *bytes;

  if (!take (self, sizeof *ret_number, sizeof *ret_number, &bytes))
    return FALSE;
  *ret_number = number_at (bytes, self->swap);
  return TRUE;
}

/* Reads a text with its length before it. Returns NULL if it is invalid. */
static const char *
read_bytes_of_text (Reader *self, char type)
{
  const guint8 *bytes;
  guint32 length;

  if (type == 'g') {
    if (!take (self, 1, 1, &bytes))
      return NULL;
    length = *bytes;
  } else if (!read_number (self, &length)) {
    return NULL;
  }
  if (!take (self, 1, (gsize)length + 1, &bytes) || bytes[length] != '\0')
    return NULL;
  return g_utf8_validate ((const char *)bytes, (gssize)length, NULL) ? (const char *)bytes : NULL;
}

/* Reads a string of type 's', 'o' or 'g' without copying it. Returns NULL if it is invalid. */
static const char *
read_text (Reader *self, char type)
{
  const char *text = read_bytes_of_text (self, type);

  if (!text)
    return NULL;
  if (type == 'o')
    return g_variant_is_object_path (text) ? text : NULL;
  return type == 's' || quilt_dbus_signature_is_valid (text) ? text : NULL;
}

static GVariant *
read_text_value (Reader *self, char type)
{
  const char *text = read_text (self, type);

  if (!text)
    return NULL;
  return type == 's'   ? g_variant_new_string (text)
         : type == 'o' ? g_variant_new_object_path (text)
                       : g_variant_new_signature (text);
}

static GVariant *
read_fixed (Reader *self, char type)
{
  const gsize size = quilt_dbus_type_alignment (type); /* for these types also the size */
  const guint8 *bytes;
  union {
    guint8 bytes[8];
    guint16 q;
    guint32 u;
    guint64 t;
    double d;
  } value;

  if (!take (self, size, size, &bytes))
    return NULL;
  for (gsize i = 0; i < size; i++)
    value.bytes[i] = bytes[self->swap ? size - 1 - i : i];
  switch (type) {
  case 'y':
    return g_variant_new_byte (value.bytes[0]);
  case 'b':
    return value.u <= 1 ? g_variant_new_boolean ((gboolean)value.u) : NULL;
  case 'n':
    return g_variant_new_int16 ((gint16)value.q);
  case 'q':
    return g_variant_new_uint16 (value.q);
  case 'i':
    return g_variant_new_int32 ((gint32)value.u);
  case 'u':
    return g_variant_new_uint32 (value.u);
  case 'x':
    return g_variant_new_int64 ((gint64)value.t);
  case 't':
    return g_variant_new_uint64 (value.t);
  case 'd':
    return g_variant_new_double (value.d);
  case 'h':
    return value.u < self->n_fds ? g_variant_new_handle ((gint32)value.u) : NULL;
  default:
    return NULL;
  }
}

static GVariant *read_value (Reader *self, const char **type, guint depth);

/* type points to the array's type within a longer signature, so the element type does not end with
 * a NUL. */
static GVariant *
read_array (Reader *self, const char *type, guint depth)
{
  const char *element = type + 1;
  const gsize plain = self->swap && *element != 'y' ? 0 : quilt_dbus_type_plain_size (*element);
  const gsize end = self->end;
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT ((const GVariantType *)type);
  GVariant *array;
  const guint8 *bytes;
  guint32 length;

  if (!read_number (self, &length) || length > ARRAY_MAX ||
      !take (self, quilt_dbus_type_alignment (*element), 0, &bytes) ||
      length > self->end - self->at)
    return NULL;
  if (plain) {
    if (length % plain || !take (self, 1, length, &bytes))
      return NULL;
    return g_variant_new_fixed_array ((const GVariantType *)element, bytes, length / plain, plain);
  }
  self->end = self->at + length;
  while (self->at < self->end) {
    const char *rest = element;
    GVariant *value = read_value (self, &rest, depth);

    if (!value)
      return NULL;
    g_variant_builder_add_value (&builder, value);
  }
  self->end = end;
  array = g_variant_builder_end (&builder);
  /* Puts the strings together: as single values they take six times the memory. */
  if (*element == 's')
    g_variant_get_data (array);
  return array;
}

/* Reads the members of a structure, a dictionary entry or a body, up to its closing character. */
static GVariant *
read_members (Reader *self, const GVariantType *kind, const char **type, char closing, guint depth)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (kind);
  const guint8 *bytes;

  if (!take (self, 8, 0, &bytes))
    return NULL;
  while (**type != closing) {
    GVariant *value = read_value (self, type, depth);

    if (!value)
      return NULL;
    g_variant_builder_add_value (&builder, value);
  }
  if (closing != '\0')
    (*type)++;
  return g_variant_builder_end (&builder);
}

static GVariant *
read_variant (Reader *self, guint depth)
{
  const char *type = read_text (self, 'g');
  GVariant *value =
      type && quilt_dbus_type_is_single (type) ? read_value (self, &type, depth) : NULL;

  return value ? g_variant_new_variant (value) : NULL;
}

/* Reads a floating value of the first complete type in *type, a valid signature. Advances *type
 * behind it. */
static GVariant *
read_value (Reader *self, const char **type, guint depth)
{
  const char *const begin = *type;

  if (depth == 0)
    return NULL;
  *type = *begin == 'a' ? quilt_dbus_type_end (begin) : begin + 1;
  switch (*begin) {
  case 's':
  case 'o':
  case 'g':
    return read_text_value (self, *begin);
  case 'v':
    return read_variant (self, depth - 1);
  case 'a':
    return read_array (self, begin, depth - 1);
  case '(':
    return read_members (self, G_VARIANT_TYPE_TUPLE, type, ')', depth - 1);
  case '{':
    return read_members (self, G_VARIANT_TYPE_DICT_ENTRY, type, '}', depth - 1);
  default:
    return read_fixed (self, *begin);
  }
}

/* Header fields that we do not know are dropped, without decoding them: they may have any size. */
static gboolean
skip_value (Reader *self, const char *type)
{
  const gboolean is_little = (G_BYTE_ORDER == G_LITTLE_ENDIAN) != self->swap;
  const gsize behind = quilt_dbus_skip_value (self->bytes, self->at, self->end, is_little, type);

  self->at = behind;
  return behind > 0;
}

static gboolean
read_field (Reader *self, QuiltDbusMessage *message, guint *seen)
{
  const guint8 *code;
  const char *type, *text;
  gsize offset;

  if (!take (self, 8, 1, &code) || *code == 0)
    return FALSE;
  type = read_text (self, 'g');
  if (!type || !quilt_dbus_type_is_single (type))
    return FALSE;
  if (*code >= G_N_ELEMENTS (fields))
    return skip_value (self, type);
  if (*type != fields[*code].type || (*seen & 1U << *code))
    return FALSE;
  *seen |= 1U << *code;
  offset = fields[*code].offset;
  if (*type == 'u')
    return read_number (self, &G_STRUCT_MEMBER (guint32, message, offset));
  /* dbus-daemon passes on some signatures that the specification forbids. The message is then
   * invalid, but not the connection: quilt_dbus_message_read_body() refuses it. */
  text = *type == 'g' ? read_bytes_of_text (self, *type) : read_text (self, *type);
  G_STRUCT_MEMBER (const char *, message, offset) = text;
  return text != NULL;
}

/* Whether the message has the header fields that its type requires ("Message Types"). */
static gboolean
is_complete (const QuiltDbusMessage *message)
{
  switch (message->type) {
  case 0:
    return FALSE;
  case QUILT_DBUS_CALL:
    return message->path && message->member;
  case QUILT_DBUS_RETURN:
    return message->reply_serial != 0;
  case QUILT_DBUS_ERROR_REPLY:
    return message->reply_serial != 0 && message->error_name;
  case QUILT_DBUS_SIGNAL:
    return message->path && message->interface && message->member;
  default:
    return TRUE;
  }
}

gsize
quilt_dbus_message_measure (const guint8 start[QUILT_DBUS_START])
{
  const gboolean swap = start[0] == OTHER_ORDER;
  const gsize length = number_at (start + FIELDS_LENGTH, swap);
  const gsize body = number_at (start + BODY_LENGTH, swap);
  gsize size;

  if ((!swap && start[0] != OUR_ORDER) || start[3] != VERSION || length > ARRAY_MAX)
    return 0;
  size = QUILT_DBUS_START + (length + 7) / 8 * 8 + body;
  return size <= MESSAGE_MAX ? size : 0;
}

gsize
quilt_dbus_message_measure_head (const guint8 start[QUILT_DBUS_START])
{
  const gsize length = number_at (start + FIELDS_LENGTH, start[0] == OTHER_ORDER);

  return QUILT_DBUS_START + (length + 7) / 8 * 8;
}

gboolean
quilt_dbus_message_read_head (const guint8 *data, gsize size, QuiltDbusMessage *ret_message)
{
  Reader reader = {.bytes = data, .at = QUILT_DBUS_START};
  QuiltDbusMessage message = {0};
  guint seen = 0;

  if (size < QUILT_DBUS_START || quilt_dbus_message_measure (data) == 0 ||
      quilt_dbus_message_measure_head (data) > size)
    return FALSE;
  reader.swap = data[0] != OUR_ORDER;
  reader.end = QUILT_DBUS_START + number_at (data + FIELDS_LENGTH, reader.swap);
  message.type = data[1];
  message.flags = data[2];
  message.serial = number_at (data + SERIAL, reader.swap);
  while (reader.at < reader.end)
    if (!read_field (&reader, &message, &seen))
      return FALSE;
  if (message.serial == 0 || !is_complete (&message))
    return FALSE;
  *ret_message = message;
  return TRUE;
}

GVariant *
quilt_dbus_message_read_body (const guint8 *data, gsize size, const QuiltDbusMessage *head)
{
  Reader reader = {.bytes = data, .end = size, .n_fds = head->n_fds};
  const char *signature = head->signature ? head->signature : "";
  g_autoptr (GVariant) read = NULL;
  const guint8 *padding;

  if (!quilt_dbus_signature_is_valid (signature))
    return NULL;
  reader.swap = data[0] != OUR_ORDER;
  reader.at = QUILT_DBUS_START + number_at (data + FIELDS_LENGTH, reader.swap);
  if (!take (&reader, 8, 0, &padding))
    return NULL;
  read = read_members (&reader, G_VARIANT_TYPE_TUPLE, &signature, '\0', DEPTH_MAX);
  if (read)
    g_variant_ref_sink (read);
  return reader.at == size ? g_steal_pointer (&read) : NULL;
}

gboolean
quilt_dbus_message_read (const guint8 *data, gsize size, QuiltDbusMessage *ret_message)
{
  QuiltDbusMessage message;

  if (size < QUILT_DBUS_START || quilt_dbus_message_measure (data) != size ||
      !quilt_dbus_message_read_head (data, size, &message))
    return FALSE;
  message.body = quilt_dbus_message_read_body (data, size, &message);
  if (!message.body)
    return FALSE;
  *ret_message = message;
  return TRUE;
}

static void
pad (GByteArray *out, gsize alignment)
{
  static const guint8 zeros[8];

  g_byte_array_append (out, zeros, (guint)(-(gsize)out->len & (alignment - 1)));
}

static void
write_number (GByteArray *out, guint32 number)
{
  pad (out, sizeof number);
  g_byte_array_append (out, (const guint8 *)&number, sizeof number);
}

static void
patch_number (GByteArray *out, gsize at, guint32 number)
{
  memcpy (out->data + at, &number, sizeof number);
}

static void
write_text (GByteArray *out, char type, const char *text)
{
  const gsize length = strlen (text);
  const guint8 byte = (guint8)length;

  if (type == 'g')
    g_byte_array_append (out, &byte, 1);
  else
    write_number (out, (guint32)length);
  g_byte_array_append (out, (const guint8 *)text, (guint)length + 1);
}

static gboolean write_value (GByteArray *out, GVariant *value, guint depth);

static gboolean
write_children (GByteArray *out, GVariant *value, guint depth)
{
  GVariantIter iter;
  GVariant *child;

  g_variant_iter_init (&iter, value);
  while ((child = g_variant_iter_next_value (&iter))) {
    const gboolean written = write_value (out, child, depth);

    g_variant_unref (child);
    if (!written)
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_array (GByteArray *out, GVariant *value, guint depth)
{
  const char element = g_variant_get_type_string (value)[1];
  gsize length, begin;

  write_number (out, 0);
  length = out->len - sizeof (guint32);
  pad (out, quilt_dbus_type_alignment (element));
  begin = out->len;
  if (quilt_dbus_type_plain_size (element)) {
    if (g_variant_get_size (value) > ARRAY_MAX)
      return FALSE;
    g_byte_array_append (out, g_variant_get_data (value), (guint)g_variant_get_size (value));
  } else if (!write_children (out, value, depth)) {
    return FALSE;
  }
  patch_number (out, length, (guint32)(out->len - begin));
  return out->len - begin <= ARRAY_MAX;
}

static gboolean
write_variant (GByteArray *out, GVariant *value, guint depth)
{
  g_autoptr (GVariant) inner = g_variant_get_variant (value);
  const char *type = g_variant_get_type_string (inner);

  if (!quilt_dbus_type_is_single (type))
    return FALSE;
  write_text (out, 'g', type);
  return write_value (out, inner, depth);
}

/* The caller has checked that D-Bus has the type. */
static gboolean
write_value (GByteArray *out, GVariant *value, guint depth)
{
  const char type = *g_variant_get_type_string (value);

  if (depth == 0 || out->len > MESSAGE_MAX)
    return FALSE;
  switch (type) {
  case 's':
  case 'o':
  case 'g':
    write_text (out, type, g_variant_get_string (value, NULL));
    return TRUE;
  case 'b':
    write_number (out, g_variant_get_boolean (value));
    return TRUE;
  case 'v':
    return write_variant (out, value, depth - 1);
  case 'a':
    return write_array (out, value, depth - 1);
  case '(':
  case '{':
    pad (out, 8);
    return write_children (out, value, depth - 1);
  default:
    pad (out, g_variant_get_size (value));
    g_byte_array_append (out, g_variant_get_data (value), (guint)g_variant_get_size (value));
    return TRUE;
  }
}

static void
write_field (GByteArray *out, guint8 code, const QuiltDbusMessage *message)
{
  const char type[] = {fields[code].type, '\0'};
  const gsize offset = fields[code].offset;
  const gboolean is_number = *type == 'u';
  const guint32 number = is_number ? G_STRUCT_MEMBER (guint32, message, offset) : 0;
  const char *text = is_number ? NULL : G_STRUCT_MEMBER (const char *, message, offset);

  if (number == 0 && !text)
    return;
  pad (out, 8);
  g_byte_array_append (out, &code, 1);
  write_text (out, 'g', type);
  if (text)
    write_text (out, *type, text);
  else
    write_number (out, number);
}

GByteArray *
quilt_dbus_message_write (const QuiltDbusMessage *message)
{
  const guint8 start[] = {OUR_ORDER, message->type, message->flags, VERSION};
  g_autoptr (GByteArray) out = g_byte_array_sized_new (512);
  g_autofree char *signature = NULL;
  QuiltDbusMessage copy = *message;
  gsize begin;

  if (copy.body) {
    const char *type = g_variant_get_type_string (copy.body);

    signature = g_strndup (type + 1, strlen (type) - 2);
  }
  if (signature && !quilt_dbus_signature_is_valid (signature))
    return NULL;
  copy.signature = signature && *signature ? signature : NULL;
  g_byte_array_append (out, start, sizeof start);
  write_number (out, 0);
  write_number (out, copy.serial);
  write_number (out, 0);
  for (guint8 code = 1; code < G_N_ELEMENTS (fields); code++)
    write_field (out, code, &copy);
  patch_number (out, FIELDS_LENGTH, out->len - QUILT_DBUS_START);
  pad (out, 8);
  begin = out->len;
  if (copy.body && !write_children (out, copy.body, DEPTH_MAX))
    return NULL;
  patch_number (out, BODY_LENGTH, (guint32)(out->len - begin));
  return out->len <= MESSAGE_MAX ? g_steal_pointer (&out) : NULL;
}
