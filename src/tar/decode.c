/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers of a tar archive as bytes: decoding. The bytes are untrusted. */
#include "base/error.h"
#include "base/text.h"
#include "tar/header.h"

#include <string.h>

#define XATTRS_MAX 64
#define XATTR_BYTES_MAX (64 * 1024)

static gboolean
refuse (GError **error, const char *name, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (name);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE, "Failed to unpack '%s': %s", quoted,
               why);
  return FALSE;
}

/* Reads an octal number after blanks, which a blank, a NUL or the end of the field ends; or, if the
 * first bit is set, GNU tar's binary number. Returns FALSE if it is neither, or negative. */
static gboolean
get_number (const char *field, gsize size, gint64 *ret_number)
{
  const gboolean is_binary = (guint8)field[0] & 0x80;
  guint64 number = is_binary ? (guint8)field[0] & 0x7f : 0;
  gsize i = is_binary ? 1 : 0;

  while (!is_binary && i < size && field[i] == ' ')
    i++;
  for (; i < size && (is_binary || (field[i] != ' ' && field[i] != '\0')); i++) {
    if (number >> (is_binary ? 55 : 60) || (!is_binary && (field[i] < '0' || field[i] > '7')))
      return FALSE;
    number = is_binary ? number << 8 | (guint8)field[i] : number << 3 | (guint8)(field[i] - '0');
  }
  *ret_number = (gint64)number;
  return TRUE;
}

/* Times before 1970 count as 1970. */
static gint64
get_time (const char *field, gsize size)
{
  gint64 number;

  return get_number (field, size, &number) ? number : 0;
}

static char *
get_text (const char *field, gsize size)
{
  return g_strndup (field, strnlen (field, size));
}

/* Without a long name, the name is that of the block, after a prefix if the archive is POSIX's:
 * GNU tar has other values in that place. */
static char *
get_path (const QuiltTarBlock *block)
{
  g_autofree char *name = get_text (block->name, sizeof block->name);
  g_autofree char *prefix = NULL;

  if (memcmp (block->magic, "ustar", 6) != 0 || block->prefix[0] == '\0')
    return g_steal_pointer (&name);
  prefix = get_text (block->prefix, sizeof block->prefix);
  return g_strconcat (prefix, "/", name, NULL);
}

static gboolean
has_type (const QuiltTarBlock *block, const char *path, QuiltTarType *ret_type)
{
  if (block->type == '\0' || block->type == '0' || block->type == '7') {
    /* UNIX v7 has no directories but names that end with a slash. */
    *ret_type =
        block->type == '\0' && g_str_has_suffix (path, "/") ? QUILT_TAR_DIRECTORY : QUILT_TAR_FILE;
    return TRUE;
  }
  *ret_type = (QuiltTarType)block->type;
  return block->type >= '1' && block->type <= '6';
}

static gboolean
set_numbers (QuiltTarDecoder *decoder, const QuiltTarBlock *block, QuiltTarMember *member)
{
  gint64 mode, major = 0, minor = 0;

  if (!get_number (block->mode, sizeof block->mode, &mode) ||
      (!decoder->has_uid && !get_number (block->uid, sizeof block->uid, &member->uid)) ||
      (!decoder->has_gid && !get_number (block->gid, sizeof block->gid, &member->gid)) ||
      (!decoder->has_size && !get_number (block->size, sizeof block->size, &member->size)))
    return FALSE;
  if (!decoder->has_mtime)
    member->mtime = (struct timespec){get_time (block->mtime, sizeof block->mtime), 0};
  member->mode = (mode_t)(mode & 07777);
  if (member->type == QUILT_TAR_CHAR || member->type == QUILT_TAR_BLOCK_DEVICE) {
    get_number (block->major, sizeof block->major, &major);
    get_number (block->minor, sizeof block->minor, &minor);
  }
  member->major = (guint32)major;
  member->minor = (guint32)minor;
  return TRUE;
}

/* Moves the values that came before the block into the member. */
static gboolean
take_member (QuiltTarDecoder *decoder,
             const QuiltTarBlock *block,
             QuiltTarMember *ret_member,
             GError **error)
{
  QuiltTarMember *next = &decoder->next;

  if (!next->path)
    next->path = get_path (block);
  if (!next->target)
    next->target = get_text (block->target, sizeof block->target);
  if (!has_type (block, next->path, &next->type))
    return refuse (error, next->path,
                   block->type == 'S' ? "it is a sparse file of GNU tar; pack it without --sparse"
                                      : "it has a type that Quilt does not know");
  if (!set_numbers (decoder, block, next))
    return refuse (error, next->path, "a number in its header is malformed");
  if (next->type != QUILT_TAR_FILE)
    next->size = 0; /* no data follows, whatever the header says */
  *ret_member = *next;
  *decoder = (QuiltTarDecoder){0};
  return TRUE;
}

static gboolean
is_zero (const guint8 *block)
{
  return block[0] == 0 && memcmp (block, block + 1, QUILT_TAR_BLOCK - 1) == 0;
}

static gboolean
is_extra (const QuiltTarBlock *block)
{
  return block->type == 'x' || block->type == 'g' || block->type == 'L' || block->type == 'K';
}

void
quilt_tar_decoder_clear (QuiltTarDecoder *decoder)
{
  quilt_tar_member_clear (&decoder->next);
  *decoder = (QuiltTarDecoder){0};
}

QuiltTarDecoded
quilt_tar_decode (QuiltTarDecoder *decoder,
                  const guint8 *bytes,
                  QuiltTarMember *ret_member,
                  gsize *ret_extra,
                  GError **error)
{
  QuiltTarBlock block;
  gint64 sum, size;

  if (is_zero (bytes))
    return QUILT_TAR_ZERO;
  memcpy (&block, bytes, sizeof block);
  if (!get_number (block.checksum, sizeof block.checksum, &sum) ||
      sum != quilt_tar_block_sum (&block)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                         "Failed to unpack the archive: it is damaged, or not a tar archive; if it "
                         "is compressed, decompress it first");
    return QUILT_TAR_BAD;
  }
  if (!is_extra (&block))
    return take_member (decoder, &block, ret_member, error) ? QUILT_TAR_MEMBER : QUILT_TAR_BAD;
  if (!get_number (block.size, sizeof block.size, &size) || size > QUILT_TAR_EXTRA_MAX) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                         "Failed to unpack the archive: a name or a pax header is larger than a "
                         "mebibyte");
    return QUILT_TAR_BAD;
  }
  *ret_extra = (gsize)size;
  return QUILT_TAR_EXTRA;
}

/* Parses digits up to the end of text, which may have a fraction. */
static gboolean
parse_number (const char *text, gint64 *ret_number, long *ret_nanoseconds)
{
  guint64 number = 0;
  long fraction = 0, unit = 100000000;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  for (; g_ascii_isdigit (*text); text++) {
    if (number > (guint64)G_MAXINT64 / 10 - 1)
      return FALSE;
    number = number * 10 + (guint64)(*text - '0');
  }
  if (ret_nanoseconds && *text == '.')
    for (text++; g_ascii_isdigit (*text); text++, unit /= 10)
      fraction += unit * (*text - '0');
  if (*text)
    return FALSE;
  *ret_number = (gint64)number;
  if (ret_nanoseconds)
    *ret_nanoseconds = fraction;
  return TRUE;
}

static gboolean
take_time (QuiltTarDecoder *decoder, const char *text)
{
  gint64 seconds = 0;
  long nanoseconds = 0;

  decoder->has_mtime = TRUE;
  if (*text != '-' && !parse_number (text, &seconds, &nanoseconds))
    return FALSE;
  decoder->next.mtime = (struct timespec){seconds, nanoseconds};
  return TRUE;
}

static void
take_text (char **member, const char *text)
{
  g_free (*member);
  *member = g_strdup (text);
}

/* Beyond the limits, the attribute is left out. */
static void
take_xattr (QuiltTarDecoder *decoder, const char *name, const char *value, gsize length)
{
  const guint n = decoder->next.xattrs ? decoder->next.xattrs->len : 0;

  if (*name && n < XATTRS_MAX && length <= XATTR_BYTES_MAX)
    quilt_tar_member_add_xattr (&decoder->next, name, value, length);
}

static gboolean
take_value (QuiltTarDecoder *decoder, const char *key, const char *value, gsize length)
{
  QuiltTarMember *next = &decoder->next;

  if (g_str_has_prefix (key, QUILT_TAR_XATTR_KEY)) {
    take_xattr (decoder, key + strlen (QUILT_TAR_XATTR_KEY), value, length);
    return TRUE;
  }
  if (strlen (value) != length || g_str_has_prefix (key, "GNU.sparse."))
    return FALSE;
  if (strcmp (key, "path") == 0)
    take_text (&next->path, value);
  else if (strcmp (key, "linkpath") == 0)
    take_text (&next->target, value);
  else if (strcmp (key, "size") == 0)
    return decoder->has_size = parse_number (value, &next->size, NULL);
  else if (strcmp (key, "uid") == 0)
    return decoder->has_uid = parse_number (value, &next->uid, NULL);
  else if (strcmp (key, "gid") == 0)
    return decoder->has_gid = parse_number (value, &next->gid, NULL);
  else if (strcmp (key, "mtime") == 0)
    return take_time (decoder, value);
  return TRUE;
}

/* Takes one record, "LENGTH KEY=VALUE\n". Returns its length, or 0 if it is malformed. */
static gsize
take_record (QuiltTarDecoder *decoder, const char *bytes, gsize rest)
{
  g_autofree char *key = NULL;
  g_autofree char *value = NULL;
  const char *name, *equals;
  gsize length = 0, i = 0;

  for (; i < rest && i < 8 && g_ascii_isdigit (bytes[i]); i++)
    length = length * 10 + (gsize)(bytes[i] - '0');
  if (i == 0 || i >= rest || bytes[i] != ' ' || length > rest || length < i + 4 ||
      bytes[length - 1] != '\n')
    return 0;
  name = bytes + i + 1;
  equals = memchr (name, '=', length - i - 2);
  if (!equals || memchr (name, '\0', (gsize)(equals - name)))
    return 0;
  key = g_strndup (name, (gsize)(equals - name));
  i = (gsize)(bytes + length - 1 - (equals + 1));
  value = g_malloc (i + 1);
  memcpy (value, equals + 1, i);
  value[i] = '\0';
  return take_value (decoder, key, value, i) ? length : 0;
}

gboolean
quilt_tar_decode_extra (
    QuiltTarDecoder *decoder, guint8 flag, const guint8 *bytes, gsize length, GError **error)
{
  const char *text = (const char *)bytes;

  if (flag == 'L' || flag == 'K') {
    g_autofree char *name = g_strndup (text, length);

    take_text (flag == 'L' ? &decoder->next.path : &decoder->next.target, name);
    return TRUE;
  }
  for (gsize at = 0; flag == 'x' && at < length;) {
    gsize n = take_record (decoder, text + at, length - at);

    if (n == 0) {
      g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                           "Failed to unpack the archive: a pax header is malformed, or has a "
                           "value that Quilt can't use (a sparse file, a NUL byte in a name)");
      return FALSE;
    }
    at += n;
  }
  return TRUE;
}
