/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers of a tar archive as bytes: encoding. decode.c has the other direction. */
#include "tar/header.h"

#include <stdio.h>
#include <string.h>

static void
xattr_free (gpointer data)
{
  QuiltTarXattr *xattr = data;

  g_free (xattr->name);
  g_bytes_unref (xattr->value);
  g_free (xattr);
}

void
quilt_tar_member_clear (QuiltTarMember *member)
{
  g_clear_pointer (&member->path, g_free);
  g_clear_pointer (&member->target, g_free);
  g_clear_pointer (&member->xattrs, g_ptr_array_unref);
  *member = (QuiltTarMember){0};
}

void
quilt_tar_member_add_xattr (QuiltTarMember *member, const char *name, gconstpointer value, gsize n)
{
  QuiltTarXattr *xattr = g_new (QuiltTarXattr, 1);

  if (!member->xattrs)
    member->xattrs = g_ptr_array_new_with_free_func (xattr_free);
  *xattr = (QuiltTarXattr){g_strdup (name), g_bytes_new (value, n)};
  g_ptr_array_add (member->xattrs, xattr);
}

guint64
quilt_tar_padded (guint64 size)
{
  return (size + QUILT_TAR_BLOCK - 1) & ~(guint64)(QUILT_TAR_BLOCK - 1);
}

/* Appends "LENGTH KEY=VALUE\n", whose length includes its own digits. */
static void
add_record (GByteArray *out, const char *key, gconstpointer value, gsize n)
{
  const gsize rest = strlen (key) + n + 3; /* blank, '=', newline */
  gsize length = rest;
  char number[24];

  for (;;) {
    gsize digits = (gsize)g_snprintf (number, sizeof number, "%" G_GSIZE_FORMAT, length);

    if (rest + digits == length)
      break;
    length = rest + digits;
  }
  g_byte_array_append (out, (const guint8 *)number, (guint)strlen (number));
  g_byte_array_append (out, (const guint8 *)" ", 1);
  g_byte_array_append (out, (const guint8 *)key, (guint)strlen (key));
  g_byte_array_append (out, (const guint8 *)"=", 1);
  g_byte_array_append (out, value, (guint)n);
  g_byte_array_append (out, (const guint8 *)"\n", 1);
}

static void
add_number (GByteArray *out, const char *key, gint64 number)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, number);
  add_record (out, key, text, strlen (text));
}

static gboolean
fits (gint64 number, guint digits)
{
  return number >= 0 && number < (gint64)1 << (3 * digits);
}

/* Writes digits octal digits and a NUL. A number that does not fit is in the pax header. */
static void
put_octal (char *field, guint digits, gint64 number)
{
  char text[24];

  if (!fits (number, digits))
    number = 0;
  g_snprintf (text, sizeof text, "%0*" G_GINT64_MODIFIER "o", (int)digits, (guint64)number);
  memcpy (field, text, digits);
}

static void
put_text (char *field, gsize size, const char *text)
{
  memcpy (field, text, MIN (strlen (text), size));
}

static void
add_xattrs (GByteArray *records, const GPtrArray *xattrs)
{
  for (guint i = 0; xattrs && i < xattrs->len; i++) {
    const QuiltTarXattr *xattr = xattrs->pdata[i];
    g_autofree char *key = g_strconcat (QUILT_TAR_XATTR_KEY, xattr->name, NULL);
    gsize n;
    gconstpointer value = g_bytes_get_data (xattr->value, &n);

    add_record (records, key, value, n);
  }
}

static void
add_mtime (GByteArray *records, const struct timespec *mtime)
{
  char text[48];

  if (mtime->tv_nsec == 0 && fits (mtime->tv_sec, 11))
    return;
  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT ".%09ld", (gint64)mtime->tv_sec,
              mtime->tv_nsec);
  add_record (records, "mtime", text, strlen (text));
}

static void
add_sparse (GByteArray *records, const QuiltTarMember *member)
{
  add_number (records, "GNU.sparse.major", 1);
  add_number (records, "GNU.sparse.minor", 0);
  add_record (records, "GNU.sparse.name", member->path, strlen (member->path));
  add_number (records, "GNU.sparse.realsize", member->sparse_size);
}

/* The values that the block can't hold. */
static GByteArray *
make_records (const QuiltTarMember *member)
{
  GByteArray *records = g_byte_array_new ();
  const QuiltTarBlock *block = NULL;

  if (member->sparse_size > 0)
    add_sparse (records, member);
  if (strlen (member->path) > sizeof block->name)
    add_record (records, "path", member->path, strlen (member->path));
  if (member->target && strlen (member->target) > sizeof block->target)
    add_record (records, "linkpath", member->target, strlen (member->target));
  if (!fits (member->size, 11))
    add_number (records, "size", member->size);
  if (!fits (member->uid, 7))
    add_number (records, "uid", member->uid);
  if (!fits (member->gid, 7))
    add_number (records, "gid", member->gid);
  add_mtime (records, &member->mtime);
  add_xattrs (records, member->xattrs);
  return records;
}

static void
put_checksum (QuiltTarBlock *block)
{
  char text[8];

  g_snprintf (text, sizeof text, "%06o", quilt_tar_block_sum (block));
  memcpy (block->checksum, text, 7);
  block->checksum[7] = ' ';
}

static void
add_block (const QuiltTarMember *member, guint8 type, gint64 size, GByteArray *out)
{
  QuiltTarBlock block = {0};

  put_text (block.name, sizeof block.name, member->path);
  put_octal (block.mode, 7, member->mode);
  put_octal (block.uid, 7, member->uid);
  put_octal (block.gid, 7, member->gid);
  put_octal (block.size, 11, size);
  put_octal (block.mtime, 11, member->mtime.tv_sec);
  block.type = (char)type;
  put_text (block.target, sizeof block.target, member->target ? member->target : "");
  memcpy (block.magic,
          "ustar\0"
          "00",
          8);
  put_octal (block.major, 7, member->major);
  put_octal (block.minor, 7, member->minor);
  put_checksum (&block);
  g_byte_array_append (out, (const guint8 *)&block, sizeof block);
}

static void
pad (GByteArray *out)
{
  static const guint8 zeros[QUILT_TAR_BLOCK];

  g_byte_array_append (out, zeros, (guint)(quilt_tar_padded (out->len) - out->len));
}

void
quilt_tar_encode (const QuiltTarMember *member, GByteArray *out)
{
  g_autoptr (GByteArray) records = make_records (member);

  if (records->len > 0) {
    QuiltTarMember header = *member;

    header.path = (char *)"././@PaxHeader";
    header.target = NULL;
    add_block (&header, 'x', records->len, out);
    g_byte_array_append (out, records->data, records->len);
    pad (out);
  }
  add_block (member, (guint8)member->type, member->type == QUILT_TAR_FILE ? member->size : 0, out);
}
