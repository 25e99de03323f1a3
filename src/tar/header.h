/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One member of a tar archive as a value, and its headers as bytes: POSIX.1-2001 (pax), and what
 * GNU tar and the tar of UNIX v7 write. */
#pragma once

#include "tar/block.h"

#include <sys/types.h>
#include <time.h>

/* The type flag of the header. */
typedef enum {
  QUILT_TAR_FILE = '0',
  QUILT_TAR_HARDLINK = '1',
  QUILT_TAR_SYMLINK = '2',
  QUILT_TAR_CHAR = '3',
  QUILT_TAR_BLOCK_DEVICE = '4',
  QUILT_TAR_DIRECTORY = '5',
  QUILT_TAR_FIFO = '6',
} QuiltTarType;

typedef struct {
  QuiltTarType type;
  char *path;   /* as in the archive; bytes without a NUL */
  char *target; /* of a link; "" for other types */
  mode_t mode;  /* 07777 */
  gint64 uid, gid;
  gint64 size; /* of a file's data; otherwise 0 */
  /* If not 0, the data is in GNU's sparse format 1.0: it begins with a map of the parts that
   * follow, size counts both, and this is the size of the file. Only for encoding. */
  gint64 sparse_size;
  struct timespec mtime;
  guint32 major, minor; /* of a device */
  GPtrArray *xattrs;    /* of QuiltTarXattr; NULL: none */
} QuiltTarMember;

typedef struct {
  char *name;
  GBytes *value;
} QuiltTarXattr;

/* Clears the texts and the attributes. All zero is a valid member to clear. */
void quilt_tar_member_clear (QuiltTarMember *member);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltTarMember, quilt_tar_member_clear)

/* Adds an extended attribute. */
void
quilt_tar_member_add_xattr (QuiltTarMember *member, const char *name, gconstpointer value, gsize n);

/* Appends the headers of member: one block, after a pax header if the block can't hold all
 * values. */
void quilt_tar_encode (const QuiltTarMember *member, GByteArray *out);

/* The length of the data with its padding. */
guint64 quilt_tar_padded (guint64 size);

/* Reads the header blocks of an archive one after the other. */
typedef struct {
  QuiltTarMember
      next; /* of a member whose block has not been read yet: values of pax, long names */
  gboolean has_size, has_mtime, has_uid, has_gid;
} QuiltTarDecoder;

void quilt_tar_decoder_clear (QuiltTarDecoder *decoder);

typedef enum {
  QUILT_TAR_MEMBER, /* *ret_member is set; its data follows */
  QUILT_TAR_ZERO,   /* a block of zeros */
  QUILT_TAR_EXTRA,  /* *ret_extra bytes with values for the next member follow */
  QUILT_TAR_BAD,    /* not a header of a type that Quilt reads, with BAD_ARCHIVE */
} QuiltTarDecoded;

/* Limit of a long name or a pax header. */
#define QUILT_TAR_EXTRA_MAX (1024 * 1024)

/* Decodes one block of QUILT_TAR_BLOCK bytes. The caller clears *ret_member. */
QuiltTarDecoded quilt_tar_decode (QuiltTarDecoder *decoder,
                                  const guint8 *block,
                                  QuiltTarMember *ret_member,
                                  gsize *ret_extra,
                                  GError **error);

/* Takes the bytes that EXTRA announced, without padding; flag is the type flag of their block, at
 * offset 156. Sets BAD_ARCHIVE. */
gboolean quilt_tar_decode_extra (
    QuiltTarDecoder *decoder, guint8 flag, const guint8 *bytes, gsize length, GError **error);
